// A Serverless plugin: a table is made without deletion protection, and gets it with the next deploy.
'use strict';

const { CloudFormationClient, GetTemplateCommand } = require('@aws-sdk/client-cloudformation'); // osls's own

// Were a table protected from its first moment, CloudFormation could not roll the deploy back that makes it: the table would stay,
// and its name would stand in the way of every further attempt. DeletionPolicy RetainExceptOnCreate cannot help there.
class FirstDeploy {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = { 'before:aws:deploy:deploy:checkForChanges': () => this.holdBack() };
  }

  async holdBack() {
    const { Resources } = this.serverless.service.provider.compiledCloudFormationTemplate;
    const there = await this.deployedTables();
    const fresh = Object.entries(Resources).filter(
      ([id, { Type, Properties }]) => Type === 'AWS::DynamoDB::Table' && Properties.DeletionProtectionEnabled && !there.has(id),
    );
    for (const [, resource] of fresh) {
      resource.Properties.DeletionProtectionEnabled = false;
      resource.Metadata = { ...resource.Metadata, DeletionProtection: 'with the next deploy' }; // client/deploy reads it
    }
    if (fresh.length) {
      this.log.notice(`${fresh.length} new tables are made without deletion protection: deploy once more to switch it on`);
    }
  }

  // Logical ids of the tables that the deployed stack has.
  async deployedTables() {
    const provider = this.serverless.getProvider('aws');
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    try {
      const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName: provider.naming.getStackName() }));
      const { Resources } = JSON.parse(TemplateBody);
      return new Set(Object.keys(Resources).filter((id) => Resources[id].Type === 'AWS::DynamoDB::Table'));
    } catch (error) {
      if (/does not exist/.test(error.message)) return new Set();
      throw error;
    }
  }
}

module.exports = FirstDeploy;
