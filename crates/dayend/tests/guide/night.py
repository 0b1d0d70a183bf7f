"""Says what the sample night must come to, with nothing of the product's code: python3 night.py RATES POSITIONS DATE"""
import csv
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, getcontext

getcontext().prec = 60
rates_file, positions_file, date = sys.argv[1:]

with open(rates_file, newline="") as file:
    day = next(row for row in csv.DictReader(file) if row["Date"] == date)

CENT = Decimal("0.01")
count, amounts, values, desks = defaultdict(int), defaultdict(Decimal), defaultdict(Decimal), defaultdict(Decimal)
with open(positions_file, newline="") as file:
    for row in csv.DictReader(file):
        amount, rate = Decimal(row["amount"]), Decimal(day[row["currency"]])
        # ROUND_HALF_UP of this module means: a half goes away from zero.
        value = (amount / rate).quantize(CENT, ROUND_HALF_UP)
        count[row["currency"]] += 1
        amounts[row["currency"]] += amount
        values[row["currency"]] += value
        desks[row["desk"]] += value


def plain(number):
    """Without an exponent, and without a minus before nothing."""
    return format(number + 0, "f")


print("currency,positions,amount,rate,eur_value")
for currency in sorted(count):
    rate = plain(Decimal(day[currency]).normalize())
    amount, value = (plain(total.quantize(CENT)) for total in (amounts[currency], values[currency]))
    print(f"{currency},{count[currency]},{amount},{rate},{value}")
print(f"TOTAL,{sum(count.values())},,,{plain(sum(values.values()).quantize(CENT))}")
for desk in sorted(desks):
    print(f"desk,{desk},{plain(desks[desk].quantize(CENT))}", file=sys.stderr)
