/** Writes text to an open file through one buffer, so that a hundred megabytes of small pieces are neither joined nor copied. */
import { writeSync } from "node:fs";

const size = 1 << 20;
/** UTF-8 takes at most so many bytes for one UTF-16 code unit. */
const bytesPerUnit = 3;

export interface FileSink {
  readonly write: (piece: string) => void;
  /** Writes what is still in the buffer. */
  readonly end: () => void;
}

export function fileSink(handle: number): FileSink {
  const buffer = Buffer.allocUnsafe(size);
  let used = 0;
  const end = (): void => {
    writeAll(handle, buffer.subarray(0, used));
    used = 0;
  };
  return {
    end,
    write(piece) {
      const most = piece.length * bytesPerUnit;
      if (most > size - used) end();
      if (most > size) writeAll(handle, Buffer.from(piece, "utf8"));
      else used += buffer.write(piece, used, "utf8");
    },
  };
}

function writeAll(handle: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
}
