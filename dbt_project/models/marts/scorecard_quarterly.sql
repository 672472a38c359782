-- the quarterly scorecard: every metric in every period, with baseline, trend and status
{{ scorecard_of('quarterly') }}
