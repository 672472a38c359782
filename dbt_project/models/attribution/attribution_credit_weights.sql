-- the credits of every attribution model on the list, one under the other
{{ union_family('attribution_', var('attribution_models'), 'attribution_model', ['conversion_id', 'touch_id', 'credit']) }}
