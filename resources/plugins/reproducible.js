// A Serverless plugin: packaging the same sources twice gives the same bytes, so that a package can be checked against a commit.
'use strict';

const { createHash } = require('node:crypto');
const { readFileSync, realpathSync, writeFileSync } = require('node:fs');
const JSZip = require('jszip');

const EPOCH = new Date(Date.UTC(1980, 0, 1)); // zip's first day
const MARK = 'sorted, dated 1980';
const OF_THE_API = /^AWS::ApiGateway::(RestApi|Resource|Method|Model|RequestValidator|GatewayResponse)$/;

// The layer's zip, as serverless-python-requirements writes it, has the times of pip's run and the order of the disk.
async function rewrite(file) {
  const old = await JSZip.loadAsync(readFileSync(file));
  if (old.comment === MARK) return;
  const zip = new JSZip();
  const entries = Object.values(old.files).filter(({ dir }) => !dir);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    zip.file(entry.name, await entry.async('nodebuffer'), { date: EPOCH, unixPermissions: 0o100644, createFolders: false });
  }
  const options = { type: 'nodebuffer', platform: 'UNIX', compression: 'DEFLATE', compressionOptions: { level: 9 } };
  writeFileSync(file, await zip.generateAsync({ ...options, comment: MARK }));
}

class Reproducible {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      'before:package:compileLayers': () => rewrite(realpathSync(serverless.service.layers.pythonRequirements.artifact)),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.nameDeployment(), // with what resources/aws/ says of the API
    };
  }

  // osls names the API's deployment by the clock; a new one is needed when the API has changed, and only then.
  nameDeployment() {
    const { provider } = this.serverless.service;
    const template = provider.compiledCloudFormationTemplate;
    const [old] = Object.entries(template.Resources).find(([, { Type }]) => Type === 'AWS::ApiGateway::Deployment') || [];
    if (!old) return;
    const api = Object.entries(template.Resources).filter(([, { Type }]) => OF_THE_API.test(Type)).sort();
    const name = `ApiGatewayDeployment${createHash('sha256').update(JSON.stringify(api)).digest('hex').slice(0, 12)}`;
    const renamed = JSON.parse(JSON.stringify(template).replaceAll(`"${old}"`, `"${name}"`));
    Object.assign(template, renamed);
  }
}

module.exports = Reproducible;
