// Who is notified of alarms: the address in the parameter alarmEmail, else in SWIPELINE_ALARM_EMAIL at deploy time, or nobody yet.
'use strict';

module.exports = async ({ resolveVariable }) => {
  const email = (await resolveVariable('param:alarmEmail')) || process.env.SWIPELINE_ALARM_EMAIL;
  return email ? [{ Protocol: 'email', Endpoint: email }] : [];
};
