"""Simulated card transactions in the exact schema of the Kaggle file: what the model is.

**World.** `customers` people (:mod:`.people`) have one card each (:mod:`.cards`), a home in a US city
(:mod:`.places`), a gender, an age and a job. There are 50 merchants in each of the data set's 14 categories
(:mod:`.pools`), the same ones whatever the seed. Six people in ten have habits (:mod:`.habits`): early, regular, late
or quiet at night; how often they pay is gamma distributed, their spending level lognormal. The others are in one of 24
groups (:mod:`.groups`), which follow the rules of the data set's generator: a group has its own hours, categories and
amounts, and the numbers are drawn for each world.

**When.** `rows` transactions are spread over the period by a multinomial draw over slices of time, weighted by month
(December is twice April), by weekday (Friday to Sunday are busiest) and by hour. The slices are generated in order and
hold at most some ten thousand rows, so memory does not grow with `rows`.

**Who and what.** In a slice, a habit or group is drawn by its share of that hour, a person of it by activity, and a
category by gender, age band and hour, or by group and hour. More than half of the purchases go to one of the person's
three favorite merchants of the category, the rest to any, popular ones more often. Amounts follow the category
(:mod:`.amounts`) or the group, scaled by the person's spending level, and by the taste and the season of the person's
region. Merchants lie within one degree of the customer's home, as in the data set.

**Fraud** (:mod:`.fraud`) is of three kinds. Nine in ten frauds come in bursts: a card is compromised for up to two
days, during which about ten payments are made, most of them between 22:00 and 04:00 (how many differs from burst to
burst), at merchants that are no habit of the holder, with the data set's categories and amounts, or with those of the
holder's group (two thirds of them far larger than usual, the rest small tests of the card). In one burst of ten the
holder's own payments continue, in the others the card is lost and they stop. A twenty-fifth is slow: a thief keeps to
the holder's hours for two weeks and pays several times the usual amounts. A sixteenth is at compromised merchants: for
weeks, cards that pay there are used there again, at the holder's hours and for ordinary amounts; only what becomes
known of the merchant gives it away. Half of these merchants take no genuine payment meanwhile, the others fewer. A card
is stolen a second time only when all have been once.

The parameters of habits are rounded from the data set's own frequencies and quantiles, those of groups are drawn from
ranges around the published profiles of its generator.
`unix_time` is the true one: the data set's is seven years off. Everything is a function of the seed and the arguments
(and of the pinned versions of NumPy and Faker): the same call gives the same bytes.
"""

from client.simulator.settings import Settings, SettingsError
from client.simulator.stream import batches
from client.simulator.write import write

__all__ = ["Settings", "SettingsError", "batches", "write"]
