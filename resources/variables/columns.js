// The columns that a line of the stream fills, in its order: the schema's version, then the fields of the one definition.
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

module.exports = async () => {
  const schema = readFileSync(path.join(__dirname, '..', '..', 'shared', 'transaction', 'schema.py'), 'utf8');
  const columns = [...schema.matchAll(/^ {4}Field\("(\w+)"/gm)].map(([, name]) => name);
  if (!columns.length) throw new Error('shared/transaction/schema.py: found no Field("name", ...)');
  return ['schema_version', ...columns].join(',');
};
