// Where the built layer is kept: one folder for each Python and platform, each list of pinned versions, and what is cut from them.
'use strict';

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const path = require('node:path');

const TAG = "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform(), sep='-')";

module.exports = async ({ resolveVariable }) => {
  const pipArgs = await resolveVariable('param:pipArgs');
  const python = process.env.SWIPELINE_PYTHON || 'python3';
  const target = pipArgs.some((arg) => arg.startsWith('--platform'))
    ? await resolveVariable('param:runtime')
    : execFileSync(python, ['-c', TAG], { encoding: 'utf8' }).trim();
  const cut = await resolveVariable('self:custom.pythonRequirements.slimPatterns');
  const lock = readFileSync(path.join(__dirname, '..', '..', 'requirements.lock'));
  const key = createHash('sha256').update(JSON.stringify([pipArgs, cut])).update(lock).digest('hex').slice(0, 12);
  return `build/layers/${target}-${key}`;
};
