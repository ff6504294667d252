// Rules of textlint: the package's own list of technical terms, and the words that docs/glossary.md replaces.
"use strict";
const fs = require("fs");
const path = require("path");

const SECTION = "## Words we replace";
const glossary = fs.readFileSync(path.join(__dirname, "..", "..", "docs", "glossary.md"), "utf8");
const table = glossary.slice(glossary.indexOf(SECTION)).split("\n").filter((line) => line.startsWith("| `"));
if (!glossary.includes(SECTION) || table.length === 0) throw new Error(`docs/glossary.md has no table "${SECTION}"`);

// A row is | `word`, `another word` | what to write instead |.
const terms = table.flatMap((row) => {
  const [, words, instead] = row.split("|").map((cell) => cell.trim());
  return [...words.matchAll(/`([^`]+)`/g)].map(([, word]) => {
    const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s+");
    return [`(?<![-\\w./])${escaped}(?![-\\w]|\\.\\w)`, instead.replaceAll("`", "")];
  });
});

// Source text quotes columns, parameters and wire formats in lower case, so there only our own words are checked.
const source = process.env.PROSE_OF === "source";
// "API's" and "URL's" are possessives here; a database has indexes.
const exclude = ["API['’]?s", "URL['’]?s", "indexes\\b"];

module.exports = { rules: { terminology: { defaultTerms: !source, terms, exclude } } };
