// A Serverless plugin: gives the tables that every transaction writes provisioned capacity with auto scaling, where the stage's parameter
// `tableMode` is PROVISIONED. At a steady rate a write then costs under half of what it does on demand; a burst is throttled, and retried,
// until the scaling has followed (minutes). The other tables stay on demand: they have little traffic.
'use strict';

const TABLES = ['TransactionTable', 'ProfilesTable'];
const KINDS = [['Write', 'WriteCapacityUnits'], ['Read', 'ReadCapacityUnits']];

class TableCapacity {
  constructor(serverless) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { tableCapacity: given } = serverless.service.custom;
        if (!['PAY_PER_REQUEST', 'PROVISIONED'].includes(given.mode)) {
          throw new Error(`tableMode is ${given.mode}, expected PAY_PER_REQUEST or PROVISIONED`);
        }
        if (given.mode !== 'PROVISIONED') return;
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        for (const id of TABLES) provision(Resources, id, given);
      },
    };
  }
}

function provision(Resources, id, given) {
  const { Properties } = Resources[id];
  const least = { WriteCapacityUnits: Number(given.writeUnits), ReadCapacityUnits: Number(given.readUnits) };
  const most = { WriteCapacityUnits: Number(given.mostWriteUnits), ReadCapacityUnits: Number(given.mostReadUnits) };
  const scaled = [['', 'table', { 'Fn::Sub': `table/\${${id}}` }]];
  Properties.BillingMode = 'PROVISIONED';
  Properties.ProvisionedThroughput = least;
  for (const index of Properties.GlobalSecondaryIndexes || []) {
    index.ProvisionedThroughput = least;
    const part = index.IndexName.split('-').map((word) => word[0].toUpperCase() + word.slice(1)).join('');
    scaled.push([part, 'index', { 'Fn::Sub': `table/\${${id}}/index/${index.IndexName}` }]);
  }
  for (const [part, kind, ResourceId] of scaled) {
    for (const [verb, unit] of KINDS) {
      const target = `${id}${part}${verb}Target`;
      const ScalableDimension = `dynamodb:${kind}:${unit}`;
      Resources[target] = {
        Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
        Properties: { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension, MinCapacity: least[unit], MaxCapacity: most[unit] },
      };
      Resources[`${id}${part}${verb}Policy`] = {
        Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
        Properties: {
          PolicyName: { 'Fn::Sub': `\${${id}}-${part || 'table'}-${verb.toLowerCase()}` },
          PolicyType: 'TargetTrackingScaling',
          ScalingTargetId: { Ref: target },
          TargetTrackingScalingPolicyConfiguration: {
            PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${verb}CapacityUtilization` },
            TargetValue: Number(given.utilization),
          },
        },
      };
    }
  }
}

module.exports = TableCapacity;
