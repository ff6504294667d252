// "Swipeline: health": is anything wrong, where, and do the hops balance? Read from left to right as a transaction flows.
'use strict';

const errors = (hop) => `${hop}-errors`;
const consumer = (hop) => ['backlog', 'late', 'failing', 'gave-up', 'dropped', 'errors'].map((kind) => `${hop}-${kind}`);

module.exports = (kit) => [
  [2, kit.text(`# Swipeline: health\nStage **${kit.stage}**. An alarm that is red has its entry in docs/runbook.md, under its name. Numbers are of the chosen time.`)],
  [5,
    kit.alarms('API', ['api-5xx', 'api-slow', errors('write-to-kinesis'), errors('query-transactions'), 'throttles']),
    kit.alarms('Stream and ledger', ['stream-refusing', 'ledger-imbalance', 'quarantined', 'table-refusing']),
    kit.alarms('Table', consumer('write-to-dynamodb')),
    kit.alarms('Lake', consumer('write-to-s3')),
    kit.alarms('Fraud', [...consumer('detect-fraud'), 'fraud-drift', 'fraud-precision', errors('measure-fraud')]),
    kit.alarms('Warehouse and batch', [
      'delivery-late', 'delivery-stale', 'copy-failed', 'alert-copy-failed', 'merge-lag', 'merge-gave-up', 'conflicts',
      errors('check-delivery'), errors('merge-warehouse'), errors('migrate-warehouse'), errors('rotate-card-key'), 'batch-failed', 'batch-not-started',
      ...(kit.params.cloud === 'aws' ? ['warehouse-snapshot-missed'] : []),
    ])],
  [5,
    kit.gauge('SLO: API availability (non-5xx), %', [
      kit.math('100 * (1 - errors / IF(count > 0, count, 1))', { label: 'answered', id: 'answered' }),
      kit.api('5XXError', { id: 'errors', visible: false }), kit.api('Count', { id: 'count', visible: false }),
    ], [95, 99, 99.9, 100], { setPeriodToTimeRange: true }),
    kit.gauge('SLO: accepted rows, %', [
      kit.math('100 * (accepted + duplicates) / IF(received > 0, received, 1)', { label: 'accepted', id: 'share' }),
      kit.own('write-to-kinesis', 'Accepted', { id: 'accepted', visible: false }),
      kit.own('write-to-kinesis', 'Duplicates', { id: 'duplicates', visible: false }),
      kit.own('write-to-kinesis', 'Received', { id: 'received', visible: false }),
    ], [0, 90, 99, 100], { setPeriodToTimeRange: true }),
    kit.number('SLO: latency from stream to store, p99 ms (under 60,000)', kit.CONSUMERS.map(
      (hop) => kit.own(hop, 'Latency', { label: hop, stat: 'p99' }),
    ), { setPeriodToTimeRange: true }),
    kit.number('SLO: warehouse freshness, s (under 900)', [
      kit.math('FILL(delivered, 0) + FILL(merged, 0)', { label: 'since the stream', id: 'freshness' }),
      kit.firehose('to-warehouse', 'DeliveryToS3.DataFreshness', { id: 'delivered', label: 'in Firehose', stat: 'Maximum' }),
      kit.own('merge-warehouse', 'MergeLag', { id: 'merged', label: 'in staging', stat: 'Maximum' }),
    ])],
  [6,
    kit.number('Ledger: rows accepted by the API and processed by each consumer', [
      kit.own('write-to-kinesis', 'Accepted', { id: 'accepted', label: 'API' }),
      // write-to-s3 has no duplicates: a replay overwrites an object whole
      ...kit.CONSUMERS.flatMap((hop, index) => [
        kit.math(hop === 'write-to-s3' ? `w${index} + j${index}` : `w${index} + j${index} + d${index}`, { label: hop, id: `taken${index}` }),
        kit.own(hop, 'Written', { id: `w${index}`, visible: false }),
        kit.own(hop, 'Rejected', { id: `j${index}`, visible: false }),
        ...(hop === 'write-to-s3' ? [] : [kit.own(hop, 'Duplicates', { id: `d${index}`, visible: false })]),
      ]),
      kit.math('s1 + s2', { label: 'merge-warehouse', id: 'merged' }),
      kit.own('merge-warehouse', 'Written', { id: 's1', visible: false }),
      kit.own('merge-warehouse', 'Duplicates', { id: 's2', visible: false }),
    ], { setPeriodToTimeRange: true }),
    kit.number('Unaccounted rows per stage (should be 0)', kit.HOPS.slice(1).flatMap((hop, index) => [
      kit.math(
        hop === 'merge-warehouse' ? `g${index} - w${index} - d${index}`
          : hop === 'write-to-s3' ? `g${index} - w${index} - j${index} - f${index}`
            : `g${index} - w${index} - d${index} - j${index} - f${index}`,
        { label: hop, id: `gap${index}` },
      ),
      kit.own(hop, 'Received', { id: `g${index}`, visible: false }),
      kit.own(hop, 'Written', { id: `w${index}`, visible: false }),
      ...(hop === 'write-to-s3' ? [] : [kit.own(hop, 'Duplicates', { id: `d${index}`, visible: false })]),
      ...(hop === 'merge-warehouse' ? [] : [
        kit.own(hop, 'Rejected', { id: `j${index}`, visible: false }), kit.own(hop, 'Failed', { id: `f${index}`, visible: false }),
      ]),
    ]), { setPeriodToTimeRange: true })],
  [4,
    kit.number('Business', [
      kit.own('write-to-kinesis', 'Amount', { label: 'dollars accepted' }),
      kit.own('detect-fraud', 'Alerts', { label: 'fraud alerts' }),
    ], { setPeriodToTimeRange: true }),
    kit.number('Quarantined, rejected, in conflict', [
      kit.own('write-to-s3', 'Quarantined', { label: 'lines quarantined' }),
      kit.own('write-to-kinesis', 'Rejected', { label: 'rows rejected' }),
      kit.own('merge-warehouse', 'Conflicts', { label: 'contents in conflict' }),
    ], { setPeriodToTimeRange: true })],
  [6, kit.graph('Transactions per period', [
    kit.own('write-to-kinesis', 'Accepted', { label: 'accepted by the API' }),
    ...kit.HOPS.slice(1).map((hop) => kit.own(hop, 'Written', { label: hop })),
  ])],
];
