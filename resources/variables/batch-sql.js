// What the batch path's state machine runs in the warehouse: redshift/load_batch.sql with merge.sql before its last
// statement. A statement with placeholders becomes a JSONata expression over the machine's variables.
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

// Column lists, of the one description (scripts/schema_files.py), are the same in every run.
const LISTS = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'redshift', 'columns.json'), 'utf8'));
const VALUES = { MANIFEST: '$run.manifest.S', COPY_ROLE_ARN: '$copyRole', OLDEST: '$run.oldest.N', NEWEST: '$run.newest.N' };
const MOST_STATEMENTS = 40; // of a BatchExecuteStatement

// As shared/warehouse/sql.py does: at each semicolon that ends a line, without the lines of comments.
function statements(name) {
  const text = readFileSync(path.join(__dirname, '..', '..', 'redshift', name), 'utf8');
  const filled = text.replace(/\$\{(\w+)\}/g, (whole, name) => LISTS[name] || whole);
  return filled.replace(/^[ \t]*--.*$/gm, '').split(/;[ \t]*(?:\n|$)/).map((part) => part.trim()).filter(Boolean);
}

function filledIn(statement) {
  const parts = statement.split(/\$\{(\w+)\}/);
  if (parts.length === 1) return statement;
  const terms = parts.map((part, index) => {
    if (index % 2 === 0) return JSON.stringify(part);
    if (!VALUES[part]) throw new Error(`redshift/load_batch.sql: no value for ${part}`);
    return VALUES[part];
  });
  return `{% ${terms.join(' & ')} %}`;
}

module.exports = async () => {
  const load = statements('load_batch.sql');
  const all = [...load.slice(0, -1), ...statements('merge.sql'), load[load.length - 1]].map(filledIn);
  if (all.length > MOST_STATEMENTS) throw new Error(`${all.length} statements, the Data API takes ${MOST_STATEMENTS}`);
  return all;
};
