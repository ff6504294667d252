// A Serverless plugin: `sls package` needs no AWS account.
'use strict';

// While it packages a layer, osls asks CloudFormation whether the deployed stack has the same one, to save its upload.
// A package that is only built uploads nothing.
class PackageOffline {
  constructor(serverless) {
    this.hooks = {
      'before:package:compileLayers': () => {
        if (serverless.processedInput.commands[0] !== 'package') return;
        const layers = serverless.pluginManager.plugins.find(({ constructor }) => constructor.name === 'AwsCompileLayers');
        layers.compareWithLastLayer = async () => {};
      },
    };
  }
}

module.exports = PackageOffline;
