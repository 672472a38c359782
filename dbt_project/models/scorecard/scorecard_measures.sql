-- what scorecards are made of: every numerator and denominator, per week and per quarter
{{ union_family('measures_', var('scorecard_families'), 'family', ['cadence', 'period_start', 'measure', 'measured_value']) }}
