/** ajv by itself, to be loaded only for JSON configs; a module of our own, since bundlers give CommonJS no names. */
export { Ajv2020 } from "ajv/dist/2020.js";
