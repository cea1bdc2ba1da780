/** Which declaration a name refers to, by the scopes of the text; no type checker is needed for that. */
import type ts from "typescript";

export type Declaration =
  | ts.VariableDeclaration
  | ts.BindingElement
  | ts.ParameterDeclaration
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.ImportClause
  | ts.ImportSpecifier
  | ts.NamespaceImport;

export interface Names {
  /** The declaration that a name has at a place; `undefined` for globals. */
  lookup(name: string, from: ts.Node): Declaration | undefined;
}

export function names(t: typeof ts): Names {
  const tables = new WeakMap<ts.Node, Map<string, Declaration>>();

  const bind = (table: Map<string, Declaration>, name: ts.BindingName, declaration: Declaration): void => {
    if (t.isIdentifier(name)) table.set(name.text, declaration);
    else
      for (const element of name.elements)
        if (t.isBindingElement(element)) bind(table, element.name, element);
  };
  const bindList = (table: Map<string, Declaration>, list: ts.VariableDeclarationList): void => {
    for (const declaration of list.declarations) bind(table, declaration.name, declaration);
  };
  const bindImport = (table: Map<string, Declaration>, clause: ts.ImportClause | undefined): void => {
    if (clause === undefined) return;
    if (clause.name !== undefined) table.set(clause.name.text, clause);
    const named = clause.namedBindings;
    if (named === undefined) return;
    if (t.isNamespaceImport(named)) table.set(named.name.text, named);
    else for (const element of named.elements) table.set(element.name.text, element);
  };
  const bindStatements = (table: Map<string, Declaration>, statements: readonly ts.Statement[]): void => {
    for (const s of statements) {
      if (t.isVariableStatement(s)) bindList(table, s.declarationList);
      else if (t.isImportDeclaration(s)) bindImport(table, s.importClause);
      else if (
        (t.isFunctionDeclaration(s) || t.isClassDeclaration(s) || t.isEnumDeclaration(s)) &&
        s.name !== undefined
      )
        table.set(s.name.text, s);
    }
  };

  const tableOf = (node: ts.Node): Map<string, Declaration> | undefined => {
    const held = tables.get(node);
    if (held !== undefined) return held;
    const table = new Map<string, Declaration>();
    if (t.isSourceFile(node) || t.isBlock(node) || t.isModuleBlock(node))
      bindStatements(table, node.statements);
    else if (t.isFunctionLike(node))
      for (const parameter of node.parameters)
        bind(table, parameter.name, parameter as ts.ParameterDeclaration);
    else if (
      (t.isForOfStatement(node) || t.isForStatement(node) || t.isForInStatement(node)) &&
      node.initializer !== undefined
    ) {
      if (t.isVariableDeclarationList(node.initializer)) bindList(table, node.initializer);
    } else return undefined;
    tables.set(node, table);
    return table;
  };

  return {
    lookup(name, from) {
      for (let node: ts.Node | undefined = from; node !== undefined; node = node.parent) {
        const found = tableOf(node)?.get(name);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}
