-- The ledger of the sample night. Money is counted in whole cents, rates in millionths, so that nothing is ever rounded twice.

create table if not exists rate (
    mis_date    text    not null,
    currency    text    not null,
    rate_micros integer not null,
    primary key (mis_date, currency),
    constraint the_rate_is_plausible check (rate_micros between 1000 and 1000000000000)
);

create table if not exists position (
    mis_date     text    not null,
    position_id  text    not null,
    desk         text    not null,
    currency     text    not null,
    amount_cents integer not null,
    primary key (mis_date, position_id),
    constraint the_amount_is_plausible check (amount_cents between -1000000000000000 and 1000000000000000)
);

-- What the position file said of itself when it was loaded.
create table if not exists delivery (
    mis_date     text    not null primary key,
    positions    integer not null,
    amount_cents integer not null
);

create table if not exists valuation (
    mis_date    text    not null,
    position_id text    not null,
    eur_cents   integer not null,
    run_id      text    not null,
    primary key (mis_date, position_id)
);

-- A row that breaks one of the constraints is refused, and the control task fails with the constraint's name.
create table if not exists control (
    mis_date             text    not null primary key,
    delivered            integer not null,
    loaded               integer not null,
    valued               integer not null,
    delivered_cents      integer not null,
    loaded_cents         integer not null,
    eur_cents            integer not null,
    currencies_that_drift integer not null,
    run_id               text    not null,
    constraint every_delivered_position_is_loaded check (delivered = loaded and delivered > 0),
    constraint every_loaded_position_is_valued    check (loaded = valued),
    constraint loaded_amounts_add_up_to_delivery  check (delivered_cents = loaded_cents),
    constraint values_agree_with_currency_totals  check (currencies_that_drift = 0)
);

-- A position's value in euro cents: amount / rate, half a cent rounded away from zero. Written as a long division, because
-- `amount_cents * 1000000` could leave the 64 bits of an integer.
create view if not exists priced as
select position.mis_date,
       position.position_id,
       position.currency,
       position.amount_cents,
       rate.rate_micros,
       (case when amount_cents < 0 then -1 else 1 end)
           * (abs(amount_cents) / rate_micros * 1000000
              + (2000000 * (abs(amount_cents) % rate_micros) + rate_micros) / (2 * rate_micros)) as eur_cents
from position
join rate on rate.mis_date = position.mis_date and rate.currency = position.currency;

create view if not exists currency_total as
select position.mis_date,
       position.currency,
       rate.rate_micros,
       count(*) as positions,
       sum(position.amount_cents) as amount_cents,
       sum(valuation.eur_cents) as eur_cents
from position
join rate on rate.mis_date = position.mis_date and rate.currency = position.currency
join valuation on valuation.mis_date = position.mis_date and valuation.position_id = position.position_id
group by position.mis_date, position.currency;

-- Per currency: the sum of the values may differ from the value of the sum by half a cent for each position, and no more.
-- Both are told in parts of a cent, of which `rate_micros` make one; again as a long division, which stays in 64 bits.
create view if not exists currency_drift as
select mis_date,
       currency,
       abs(((eur_cents / 1000000 - amount_cents / rate_micros) * 1000000 + eur_cents % 1000000) * rate_micros
           - amount_cents % rate_micros * 1000000) as apart,
       positions * rate_micros / 2 as allowed
from currency_total;
