// A Serverless plugin: waits for the layer's zip, which serverless-python-requirements 6.1.2 links without waiting for the link.
'use strict';

const { existsSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const PATIENCE_MS = 10000;

class LayerZip {
  constructor(serverless) {
    this.hooks = {
      'before:package:compileLayers': async () => {
        const { artifact } = serverless.service.layers.pythonRequirements;
        for (const end = Date.now() + PATIENCE_MS; !existsSync(artifact); await sleep(5)) {
          if (Date.now() > end) throw new Error(`${artifact} was not made: remove build/layers and try again`);
        }
      },
    };
  }
}

module.exports = LayerZip;
