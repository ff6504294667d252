// A Serverless plugin: takes out of the template what no function needs and the framework and its role plugin put there.
'use strict';

// The template makes every log group, with its retention: a function that may make one would bring it back without.
// ListStreams knows no resource, and no event source mapping asks for it.
const UNNEEDED = new Set(['logs:CreateLogGroup', 'kinesis:ListStreams']);

class LeastPrivilege {
  constructor(serverless) {
    this.hooks = {
      'before:package:finalize': () => {
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        // One role for all functions: serverless-iam-roles-per-function copies it, then nobody uses it.
        const shared = serverless.getProvider('aws').naming.getRoleLogicalId();
        for (const [id, { Type, Properties }] of Object.entries(Resources)) {
          if (Type === 'AWS::Lambda::Function' && Properties.Role['Fn::GetAtt'][0] === shared) {
            throw new Error(`${id} has no iamRoleStatements, hence no role of its own`);
          }
        }
        delete Resources[shared];
        for (const { Type, Properties } of Object.values(Resources)) {
          if (Type !== 'AWS::IAM::Role') continue;
          for (const { PolicyDocument } of Properties.Policies || []) {
            for (const statement of PolicyDocument.Statement) {
              statement.Action = [].concat(statement.Action).filter((action) => !UNNEEDED.has(action));
            }
          }
        }
      },
    };
  }
}

module.exports = LeastPrivilege;
