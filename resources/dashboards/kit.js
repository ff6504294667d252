// What the dashboards are built from: metrics by their short names, widgets by their kind, rows that fill the width.
'use strict';

const WIDTH = 24; // of a dashboard, in CloudWatch's units
const HOPS = ['write-to-kinesis', 'write-to-dynamodb', 'write-to-s3', 'detect-fraud', 'merge-warehouse'];
const MAPPING = { // osls names a mapping's resource so
  'write-to-dynamodb': 'WriteDashtoDashdynamodb',
  'write-to-s3': 'WriteDashtoDashs3',
  'detect-fraud': 'DetectDashfraud',
};

// A row is [height, widget, widget, ...]: equal widths, laid out from the top.
function layOut(rows) {
  const widgets = [];
  let y = 0;
  for (const [height, ...row] of rows) {
    const width = Math.floor(WIDTH / row.length);
    row.forEach((widget, index) => widgets.push({ ...widget, x: index * width, y, width, height }));
    y += height;
  }
  return widgets;
}

// Dimensions by namespace: what AWS publishes its metrics under, and what shared/telemetry.py sets.
function kit(prefix, stage, params) {
  const period = params.alarmPeriodSeconds;
  const metric = (namespace, name, dimensions, options = {}) => [
    namespace, name, ...Object.entries(dimensions).flat(), options,
  ];
  const own = (hop, name, options) => metric(
    'Swipeline', name, { service: 'swipeline', function_name: `${prefix}-${hop}`, stage }, options,
  );
  const lambda = (hop, name, options) => metric('AWS/Lambda', name, { FunctionName: `${prefix}-${hop}` }, options);
  const mapping = (hop, name, options) => metric(
    'AWS/Lambda', name, { EventSourceMappingUUID: `\${${MAPPING[hop]}EventSourceMappingKinesisTransactionStream}` }, options,
  );
  const api = (name, options) => metric('AWS/ApiGateway', name, { ApiName: prefix, Stage: stage }, options);
  const stream = (name, options) => metric('AWS/Kinesis', name, { StreamName: `${prefix}-transactions` }, options);
  const table = (suffix, name, options) => metric('AWS/DynamoDB', name, { TableName: `${prefix}-${suffix}` }, options);
  const operation = (suffix, name, call, options) => metric(
    'AWS/DynamoDB', name, { TableName: `${prefix}-${suffix}`, Operation: call }, options,
  );
  const firehose = (suffix, name, options) => metric(
    'AWS/Firehose', name, { DeliveryStreamName: `${prefix}-${suffix}` }, options,
  );
  const batch = (name, options) => metric('AWS/States', name, { StateMachineArn: '${BatchMachine}' }, options);
  // 0 where there is nothing: what is seldom (a run, a query) would leave its widget empty.
  const orZero = (metrics) => metrics.flatMap((row, index) => {
    const { label, ...options } = row[row.length - 1];
    return [
      [{ expression: `FILL(z${index}, 0)`, label: label || row[1], id: `filled${index}` }],
      [...row.slice(0, -1), { ...options, id: `z${index}`, visible: false }],
    ];
  });
  const math = (expression, options) => [{ expression, ...options }];

  const widget = (view, title, metrics, options = {}) => ({
    type: 'metric',
    properties: { view, title, metrics, region: '${AWS::Region}', period, stat: 'Sum', ...options },
  });
  const graph = (title, metrics, options) => widget('timeSeries', title, metrics, options);
  const number = (title, metrics, options) => widget('singleValue', title, metrics, options);
  const gauge = (title, metrics, [min, amber, green, max], options) => widget('gauge', title, metrics, {
    yAxis: { left: { min, max } },
    annotations: { horizontal: [
      { color: '#2ca02c', label: 'green', value: green, fill: 'above' },
      { color: '#ff7f0e', label: 'amber', value: amber, fill: 'above' },
      { color: '#d62728', label: 'red', value: amber, fill: 'below' },
    ] },
    ...options,
  });
  const line = (value, label) => ({ annotations: { horizontal: [{ value, label, color: '#d62728' }] } });
  const text = (markdown) => ({ type: 'text', properties: { markdown } });
  const alarms = (title, names) => ({
    type: 'alarm',
    properties: {
      title,
      alarms: names.map((name) => `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:${prefix}-${name}`),
    },
  });
  const log = (title, groups, query, view = 'table') => ({
    type: 'log',
    properties: {
      title, view, region: '${AWS::Region}',
      query: `${groups.map((group) => `SOURCE '${group}'`).join(' | ')} | ${query}`,
    },
  });
  const logs = (...hops) => hops.map((hop) => `/aws/lambda/${prefix}-${hop}`);
  const body = (rows) => JSON.stringify({ start: '-PT3H', widgets: layOut(rows) });
  return {
    HOPS, CONSUMERS: Object.keys(MAPPING), prefix, stage, params, own, lambda, mapping, api, stream, table, operation, firehose,
    batch, orZero, math, graph, number, gauge, line, text, alarms, log, logs, body,
  };
}

module.exports = { kit };
