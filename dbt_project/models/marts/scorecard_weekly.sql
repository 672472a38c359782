-- the weekly scorecard: every metric in every period, with baseline, trend and status
{{ scorecard_of('weekly') }}
