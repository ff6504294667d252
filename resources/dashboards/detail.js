// "Swipeline: detail": each part of the pipeline with what AWS and the functions themselves count of it.
'use strict';

const FUNCTIONS = ['write-to-kinesis', 'write-to-dynamodb', 'write-to-s3', 'detect-fraud', 'query-transactions', 'merge-warehouse'];
const each = (names, give) => names.map((name) => give(name));

module.exports = (kit) => {
  const { own, lambda, mapping, api, stream, table, operation, firehose, graph, number, line, text } = kit;
  const { apiSlowMilliseconds, lateAfterMilliseconds, mergeLagSeconds, staleAfterSeconds } = kit.params;
  return [
    [1, text('# Swipeline: detail')],
    [1, text('## API')],
    [6,
      graph('Requests', [api('Count'), api('4XXError'), api('5XXError')]),
      graph('Latency, ms', [
        api('Latency', { stat: 'p50', label: 'p50' }), api('Latency', { stat: 'p99', label: 'p99' }),
        api('IntegrationLatency', { stat: 'p99', label: 'in the function, p99' }),
      ], line(apiSlowMilliseconds, 'api-slow')),
      graph('Rows', each(['Received', 'Accepted', 'Rejected', 'Duplicates', 'Failed'], (name) => own('write-to-kinesis', name, { label: name }))),
      graph('Query reads: items', kit.orZero([own('query-transactions', 'ItemsRead', { label: 'read' }), own('query-transactions', 'ItemsReturned', { label: 'returned' })]))],
    [1, text('## Stream')],
    [6,
      graph('Records and bytes in', [stream('IncomingRecords'), stream('IncomingBytes', { yAxis: 'right' })]),
      graph('Refused', [stream('WriteProvisionedThroughputExceeded'), stream('ReadProvisionedThroughputExceeded'), own('write-to-kinesis', 'Retried', { label: 'Retried' })]),
      graph('Age of the last record read, ms', [stream('GetRecords.IteratorAgeMilliseconds', { stat: 'Maximum' }), ...each(kit.CONSUMERS, (hop) => lambda(hop, 'IteratorAge', { stat: 'Maximum', label: hop }))], line(lateAfterMilliseconds, 'late')),
      graph('Polled by each consumer (a gap: it does not poll)', each(kit.CONSUMERS, (hop) => mapping(hop, 'PolledEventCount', { label: hop })))],
    [1, text('## Functions')],
    [6,
      graph('Invocations', each(FUNCTIONS, (hop) => lambda(hop, 'Invocations', { label: hop }))),
      graph('Errors', each(FUNCTIONS, (hop) => lambda(hop, 'Errors', { label: hop }))),
      graph('Throttles', each(FUNCTIONS, (hop) => lambda(hop, 'Throttles', { label: hop }))),
      graph('Duration, p99 ms', each(FUNCTIONS, (hop) => lambda(hop, 'Duration', { stat: 'p99', label: hop }))),
      graph('Concurrent executions', each(FUNCTIONS, (hop) => lambda(hop, 'ConcurrentExecutions', { stat: 'Maximum', label: hop })))],
    [6,
      graph('Transactions stored', each(kit.CONSUMERS, (hop) => own(hop, 'Written', { label: hop }))),
      graph('Latency from stream to store, p99 ms', each(kit.CONSUMERS, (hop) => own(hop, 'Latency', { stat: 'p99', label: hop }))),
      graph('Failed (will retry)', each(kit.CONSUMERS, (hop) => own(hop, 'Failed', { label: hop }))),
      graph('Quarantined', [own('write-to-s3', 'Quarantined', { label: 'lines' })])],
    [1, text('## Table')],
    [6,
      graph('Write units', [table('transactions', 'ConsumedWriteCapacityUnits', { label: 'transactions' }), table('profiles', 'ConsumedWriteCapacityUnits', { label: 'profiles' })]),
      graph('Writing, ms', [operation('transactions', 'SuccessfulRequestLatency', 'BatchExecuteStatement', { stat: 'Average', label: 'average' }), operation('transactions', 'SuccessfulRequestLatency', 'BatchExecuteStatement', { stat: 'p99', label: 'p99' })]),
      graph('Retried writes', [own('write-to-dynamodb', 'Retried', { label: 'transactions' }), own('detect-fraud', 'Retried', { label: 'profiles, alerts' })]),
      graph('Duplicates absorbed', [own('write-to-dynamodb', 'Duplicates', { label: 'table' }), own('detect-fraud', 'Duplicates', { label: 'fraud' }), own('merge-warehouse', 'Duplicates', { label: 'warehouse' })])],
    [1, text('## Firehose and warehouse')],
    [6,
      graph('Behind the stream, ms', [firehose('to-warehouse', 'KinesisMillisBehindLatest', { stat: 'Maximum' })], line(lateAfterMilliseconds, 'delivery-late')),
      graph('Oldest record held, s', [firehose('to-warehouse', 'DeliveryToS3.DataFreshness', { stat: 'Maximum' })], line(staleAfterSeconds, 'delivery-stale')),
      graph('Records', [firehose('to-warehouse', 'DataReadFromKinesisStream.Records', { label: 'read' }), firehose('to-warehouse', 'DeliveryToS3.Records', { label: 'in S3' }), firehose('to-warehouse', 'DeliveryToRedshift.Records', { label: 'copied' })]),
      graph('Success', [firehose('to-warehouse', 'DeliveryToS3.Success', { stat: 'Average', label: 'S3' }), firehose('to-warehouse', 'DeliveryToRedshift.Success', { stat: 'Average', label: 'COPY' })], { yAxis: { left: { min: 0, max: 1 } } })],
    [6,
      graph('Merge: rows', each(['Received', 'Written', 'Duplicates'], (name) => own('merge-warehouse', name, { label: name }))),
      graph('Merge lag, s', [own('merge-warehouse', 'MergeLag', { stat: 'Maximum' })], line(mergeLagSeconds, 'merge-lag'))],
    [1, text('## Fraud')],
    [6,
      number('Alerts; drift and precision by the daily measure', [
        own('detect-fraud', 'Alerts', { label: 'alerts' }),
        own('measure-fraud', 'DriftLargest', { stat: 'Maximum', label: 'largest PSI' }),
        own('measure-fraud', 'VerdictPrecision', { stat: 'Minimum', label: 'precision by verdicts' }),
      ], { setPeriodToTimeRange: true }),
      graph('Scored', [own('detect-fraud', 'Received', { label: 'received' }), own('detect-fraud', 'Written', { label: 'scored' })]),
      graph('Late events and reset profiles', each(['Late', 'Early', 'Reset'], (name) => own('detect-fraud', name, { label: name })))],
    [1, text('## Batch')],
    [6,
      graph('Runs', kit.orZero(each(['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsTimedOut'], (name) => kit.batch(name, { label: name })))),
      kit.log('Log lines of the functions by level', kit.logs(...FUNCTIONS), 'filter ispresent(level) | stats count(*) as lines by level, function_name | sort level asc, lines desc')],
  ];
};
