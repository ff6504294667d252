// The region of a deploy and what depends on it: resources/regions.json has Firehose's addresses
// (https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-rs-vpc) and three zones that Redshift
// Serverless supports, for each region that the template can serve. The region is chosen by the same rule as the client's (client/region.py): --region, AWS_REGION, AWS_DEFAULT_REGION, the
// profile's region, us-east-1. A region that the template cannot serve is an error before anything is made.
'use strict';

const { readFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const DEFAULT = 'us-east-1';
const REGIONS = JSON.parse(readFileSync(path.join(__dirname, '..', 'regions.json'), 'utf8'));

// The region of a profile in ~/.aws/config, as botocore reads it; '' without one.
function ofProfile(env) {
  const file = env.AWS_CONFIG_FILE || path.join(os.homedir(), '.aws', 'config');
  const profile = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE || 'default';
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return '';
  }
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(?:profile\s+)?"?([^\]"]+?)"?\s*\]/.exec(line);
    if (section) inside = section[1] === profile;
    const region = /^region\s*=\s*(\S+)/.exec(line);
    if (inside && region) return region[1];
  }
  return '';
}

function choose(option, env) {
  const region = option || env.AWS_REGION || env.AWS_DEFAULT_REGION || ofProfile(env) || DEFAULT;
  if (!REGIONS[region]) {
    throw new Error(
      `Region ${region} cannot hold a stage: resources/regions.json does not know Firehose's addresses and Redshift Serverless's ` +
        `zones there. Choose one of ${Object.keys(REGIONS).join(', ')} (--region, AWS_REGION), or add it to that file.`,
    );
  }
  return region;
}

module.exports = async ({ options, resolveVariable }) => {
  const region = choose(options.region, process.env);
  const given = await resolveVariable('param:warehouseZoneIds');
  const zones = given ? String(given).split(',').map((zone) => zone.trim()) : REGIONS[region].ZoneIds;
  if (zones.length !== 3) throw new Error(`warehouseZoneIds: Redshift Serverless takes three zone ids, got ${zones.length}`);
  const addresses = Object.fromEntries(Object.entries(REGIONS).map(([name, { FirehoseCidr }]) => [name, { Cidr: FirehoseCidr }]));
  return { region, suffix: region === DEFAULT ? '' : `-${region}`, zones, addresses };
};
module.exports.choose = choose;
