// Where the built layer is kept: one folder for each Python, platform and list of requirements' pip arguments.
'use strict';

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');

module.exports = async ({ resolveVariable }) => {
  const runtime = await resolveVariable('param:runtime');
  const pipArgs = await resolveVariable('param:pipArgs');
  if (pipArgs.length) {
    const key = createHash('sha256').update(JSON.stringify(pipArgs)).digest('hex').slice(0, 12);
    return `build/layers/${runtime}-${key}`;
  }
  const python = process.env.SWIPELINE_PYTHON || 'python3';
  const tag = "import sys, sysconfig; print(sys.implementation.cache_tag + '-' + sysconfig.get_platform())";
  return `build/layers/host-${execFileSync(python, ['-c', tag], { encoding: 'utf8' }).trim()}`;
};
