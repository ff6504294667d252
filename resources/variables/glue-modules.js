// What the Glue job needs beside Glue 5.0's own Python packages, pinned as the functions have it.
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

const MODULES = ['pydantic'];

module.exports = async () => {
  const pins = readFileSync(path.join(__dirname, '..', '..', 'requirements.txt'), 'utf8').split('\n');
  const wanted = MODULES.map((module) => pins.find((pin) => pin.startsWith(`${module}==`)));
  if (wanted.includes(undefined)) throw new Error(`requirements.txt does not pin all of ${MODULES}`);
  return wanted.join(',');
};
