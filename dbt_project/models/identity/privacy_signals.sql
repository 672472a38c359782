-- the distinct texts that consent platforms sent along with touches: what identity's step decode_signals reads
with

touches as (
    {{ union_shape('touchpoints') }}
)

select distinct 'usp' as signal_kind, usp as signal_text from touches where usp is not null
union all
select distinct 'gpp' as signal_kind, gpp as signal_text from touches where gpp is not null
union all
select distinct 'tcf' as signal_kind, tcf as signal_text from touches where tcf is not null
