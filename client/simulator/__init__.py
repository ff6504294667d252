"""Simulated card transactions in the exact schema of the Kaggle file: what the model is.

**World.** `customers` people (:mod:`.people`) have one card each (:mod:`.cards`), a home in a US city
(:mod:`.places`), a gender, an age, a job, a chronotype (early, regular, late), an activity (how often they pay; gamma
distributed, so that a few pay ten times as often as the median) and a spending level (lognormal around 1). There are 50
merchants in each of the data set's 14 categories (:mod:`.pools`), the same ones whatever the seed.

**When.** `rows` transactions are spread over the period by a multinomial draw over slices of time, weighted by month
(December is twice April), by weekday (Friday to Sunday are busiest) and by hour (:mod:`.habits`). The slices are
generated in order and hold at most some ten thousand rows, so memory does not grow with `rows`.

**Who and what.** In a slice, a chronotype is drawn by its share of that hour, a person of it by activity, and a
category by gender, age band and hour. More than half of the purchases go to one of the person's three favorite
merchants of the category, the rest to any, popular ones more often. Amounts follow the category (:mod:`.amounts`),
scaled by the person's spending level. Merchants lie within one degree of the customer's home, as in the data set.

**Fraud** (:mod:`.fraud`) comes in bursts: a card is compromised for up to two days, during which about ten payments are
made, five in six of them between 22:00 and 04:00, at merchants that are no habit of the holder, with the data set's
categories and amounts (two thirds of them far larger than usual, the rest small tests of the card). The holder's own
payments continue. A card is compromised a second time only when all have been once.

The parameters of hours, categories and amounts are rounded from the data set's own frequencies and quantiles.
`unix_time` is the true one: the data set's is seven years off. Everything is a function of the seed and the arguments
(and of the pinned versions of NumPy and Faker): the same call gives the same bytes.
"""

from client.simulator.settings import Settings, SettingsError
from client.simulator.stream import batches
from client.simulator.write import write

__all__ = ["Settings", "SettingsError", "batches", "write"]
