// A Serverless plugin: keeps of the alarms what the stage's parameter `alarms` asks for: all, or the essential ones. Each metric costs $0.10 a month.
'use strict';

class AlarmSet {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': async () => {
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        const { alarms } = serverless.service.custom;
        if (!['all', 'essential'].includes(alarms)) throw new Error(`alarms is ${alarms}, expected all or essential`);
        for (const [id, resource] of Object.entries(Resources)) {
          if (resource.Type !== 'AWS::CloudWatch::Alarm') continue;
          if (alarms === 'essential' && !resource.Metadata?.essential) delete Resources[id];
          if (resource.Metadata) delete resource.Metadata.essential;
          if (resource.Metadata && !Object.keys(resource.Metadata).length) delete resource.Metadata;
        }
      },
    };
  }
}

module.exports = AlarmSet;
