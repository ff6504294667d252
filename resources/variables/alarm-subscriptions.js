// Who is told of alarms: the address in SWIPELINE_ALARM_EMAIL at deploy time, or nobody yet.
'use strict';

module.exports = async () => {
  const email = process.env.SWIPELINE_ALARM_EMAIL;
  return email ? [{ Protocol: 'email', Endpoint: email }] : [];
};
