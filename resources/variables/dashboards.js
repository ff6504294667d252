// The bodies of the CloudWatch dashboards, as JSON for Fn::Sub: resources/dashboards/ lays the widgets out, row by row.
'use strict';

const health = require('../dashboards/health.js');
const detail = require('../dashboards/detail.js');
const { kit } = require('../dashboards/kit.js');

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  const params = {};
  for (const name of ['cloud', 'alarmPeriodSeconds', 'apiSlowMilliseconds', 'lateAfterMilliseconds', 'mergeLagSeconds', 'staleAfterSeconds']) {
    params[name] = await resolveVariable(`param:${name}`);
  }
  const tools = kit(`swipeline-${stage}`, stage, params);
  return { health: tools.body(health(tools)), detail: tools.body(detail(tools)) };
};
