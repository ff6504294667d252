// The port of stage local's Redshift Data API: the one after the embedded AWS's own.
'use strict';

module.exports = async () => Number(process.env.SWIPELINE_PORT || 4566) + 1;
