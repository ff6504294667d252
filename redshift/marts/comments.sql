-- What every mart and every column of one means: docs/marts.md is made of it. More statements than one batch takes.

COMMENT ON TABLE mart.purchase IS 'One row per transaction with every filter as a column: all other marts are sums of it. No card, no name, no street.';

COMMENT ON COLUMN mart.purchase.transaction_id IS 'Key. The same as in core.transaction.';

COMMENT ON COLUMN mart.purchase.purchase_date IS 'Day of the purchase, UTC.';

COMMENT ON COLUMN mart.purchase.hour_of_day IS 'Hour of the purchase, UTC: 0 to 23.';

COMMENT ON COLUMN mart.purchase.weekday IS 'Day of the week as in ISO 8601: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN mart.purchase.customer_id IS 'Who bought: a keyed hash, no name behind it in the marts.';

COMMENT ON COLUMN mart.purchase.merchant_id IS 'Where: key of mart.merchant.';

COMMENT ON COLUMN mart.purchase.category IS 'What for, as the transaction says.';

COMMENT ON COLUMN mart.purchase.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.purchase.city_size IS 'Inhabitants of the customer''s home town, by the latest transaction: under 2,500; 2,500-9,999; 10,000-49,999; 50,000-249,999; 250,000+.';

COMMENT ON COLUMN mart.purchase.gender IS 'F or M.';

COMMENT ON COLUMN mart.purchase.birth_year IS 'Year in which the customer was born.';

COMMENT ON COLUMN mart.purchase.age_band IS 'Completed years of age on purchase_date: 0-17, 18-24, 25-34, 35-44, 45-54, 55-64, 65-74, 75+. Who was born on 29 February turns a year older on 1 March of other years.';

COMMENT ON COLUMN mart.purchase.amount IS 'US dollars.';

COMMENT ON COLUMN mart.purchase.is_fraud IS 'Ground truth; null where nobody has said.';

COMMENT ON COLUMN mart.purchase.is_alert IS 'The model raised an alert that has reached the warehouse. What only a shadow model flags is no alert.';

COMMENT ON COLUMN mart.purchase.merged_at IS 'When the transaction came to core.transaction.';

COMMENT ON COLUMN mart.purchase.distance_km IS 'Kilometers from the customer''s home at the purchase to the merchant, as the crow flies.';

COMMENT ON COLUMN mart.purchase.distance_band IS 'Band of distance_km: under 25; 25-49; 50-74; 75-99; 100-149; 150-499; 500+.';

COMMENT ON VIEW mart.spend_by_state IS 'Spend by the customers'' home state.';

COMMENT ON COLUMN mart.spend_by_state.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.spend_by_state.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_state.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_state.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_state.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON COLUMN mart.spend_by_state.amount_per_customer IS 'US dollars per customer, rounded to the cent.';

COMMENT ON VIEW mart.spend_by_city_size IS 'Spend by the size of the customers'' home town.';

COMMENT ON COLUMN mart.spend_by_city_size.city_size IS 'Inhabitants of the customer''s home town: under 2,500; 2,500-9,999; 10,000-49,999; 50,000-249,999; 250,000+.';

COMMENT ON COLUMN mart.spend_by_city_size.city_size_rank IS '1 for the smallest towns to 5 for the largest: to sort by.';

COMMENT ON COLUMN mart.spend_by_city_size.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_city_size.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_city_size.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_city_size.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON COLUMN mart.spend_by_city_size.amount_per_customer IS 'US dollars per customer, rounded to the cent.';

COMMENT ON VIEW mart.category_by_state IS 'What each state spends on, and what it likes more than the whole does.';

COMMENT ON COLUMN mart.category_by_state.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.category_by_state.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.category_by_state.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.category_by_state.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.category_by_state.share IS 'Part of the row''s place''s amount that went to the category: 0 to 1.';

COMMENT ON COLUMN mart.category_by_state.category_rank IS '1 is the category with the largest amount of the place; equal amounts have equal ranks.';

COMMENT ON COLUMN mart.category_by_state.preference IS 'Share of the category here over its share in the whole: above 1, it is liked more here than elsewhere.';

COMMENT ON VIEW mart.category_by_city_size IS 'What towns of each size spend on, and what they like more than the whole does.';

COMMENT ON COLUMN mart.category_by_city_size.city_size IS 'Inhabitants of the customer''s home town: under 2,500; 2,500-9,999; 10,000-49,999; 50,000-249,999; 250,000+.';

COMMENT ON COLUMN mart.category_by_city_size.city_size_rank IS '1 for the smallest towns to 5 for the largest: to sort by.';

COMMENT ON COLUMN mart.category_by_city_size.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.category_by_city_size.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.category_by_city_size.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.category_by_city_size.share IS 'Part of the row''s place''s amount that went to the category: 0 to 1.';

COMMENT ON COLUMN mart.category_by_city_size.category_rank IS '1 is the category with the largest amount of the place; equal amounts have equal ranks.';

COMMENT ON COLUMN mart.category_by_city_size.preference IS 'Share of the category here over its share in the whole: above 1, it is liked more here than elsewhere.';

COMMENT ON VIEW mart.spend_by_gender_and_state IS 'Spend by gender and home state.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.gender IS 'F or M.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_gender_and_state.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON VIEW mart.spend_by_gender_and_category IS 'Spend by gender and category.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.gender IS 'F or M.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_gender_and_category.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON VIEW mart.spend_by_birth_year IS 'Spend by the customers'' year of birth.';

COMMENT ON COLUMN mart.spend_by_birth_year.birth_year IS 'Year in which the customer was born.';

COMMENT ON COLUMN mart.spend_by_birth_year.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_birth_year.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_birth_year.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_birth_year.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON VIEW mart.rhythm IS 'When purchases are made: by day of the week and hour.';

COMMENT ON COLUMN mart.rhythm.weekday IS 'Day of the week as in ISO 8601: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN mart.rhythm.hour_of_day IS 'Hour of the purchase, UTC: 0 to 23.';

COMMENT ON COLUMN mart.rhythm.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.rhythm.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.rhythm.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON VIEW mart.customer_rfm IS 'One row per customer: recency, frequency and monetary value over all purchases, scored by fifths of the customers, and the segment that follows.';

COMMENT ON COLUMN mart.customer_rfm.customer_id IS 'Key. A keyed hash; no name behind it in the marts.';

COMMENT ON COLUMN mart.customer_rfm.gender IS 'F or M.';

COMMENT ON COLUMN mart.customer_rfm.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.customer_rfm.city_size IS 'Inhabitants of the customer''s home town: under 2,500; 2,500-9,999; 10,000-49,999; 50,000-249,999; 250,000+.';

COMMENT ON COLUMN mart.customer_rfm.birth_year IS 'Year in which the customer was born.';

COMMENT ON COLUMN mart.customer_rfm.age_band IS 'Age band on the customer''s last purchase.';

COMMENT ON COLUMN mart.customer_rfm.last_date IS 'Day of the last purchase.';

COMMENT ON COLUMN mart.customer_rfm.recency_days IS 'Days from the customer''s last purchase to the last purchase of anyone: not to today, so that the figure is the data''s.';

COMMENT ON COLUMN mart.customer_rfm.frequency IS 'Purchases.';

COMMENT ON COLUMN mart.customer_rfm.monetary IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.customer_rfm.recency_score IS '5 less the fifths of all customers whose last purchase is later: 5 is best, equal customers have equal scores.';

COMMENT ON COLUMN mart.customer_rfm.frequency_score IS '5 less the fifths of all customers with more purchases.';

COMMENT ON COLUMN mart.customer_rfm.monetary_score IS '5 less the fifths of all customers who spent more.';

COMMENT ON COLUMN mart.customer_rfm.segment IS 'champions: all scores 4 or 5. loyal: frequency 4 or 5, recency 3 or more. at risk: recency 1 or 2, frequency or monetary value 4 or 5. dormant: recency and frequency 1 or 2. occasional: recency 4 or 5, frequency 1 or 2. regular: all others. The first that fits.';

COMMENT ON VIEW mart.customer_segment IS 'Customers by gender, age band on their last purchase, and segment.';

COMMENT ON COLUMN mart.customer_segment.gender IS 'F or M.';

COMMENT ON COLUMN mart.customer_segment.age_band IS 'Age band on the customers'' last purchase.';

COMMENT ON COLUMN mart.customer_segment.segment IS 'champions: all scores 4 or 5. loyal: frequency 4 or 5, recency 3 or more. at risk: recency 1 or 2, frequency or monetary value 4 or 5. dormant: recency and frequency 1 or 2. occasional: recency 4 or 5, frequency 1 or 2. regular: all others. The first that fits.';

COMMENT ON COLUMN mart.customer_segment.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.customer_segment.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.customer_segment.amount IS 'US dollars spent, to the cent.';

COMMENT ON VIEW mart.merchant IS 'One row per merchant, with the name and category of its latest transaction.';

COMMENT ON COLUMN mart.merchant.merchant_id IS 'Key. A hash of the merchant''s name.';

COMMENT ON COLUMN mart.merchant.merchant IS 'Name of the merchant.';

COMMENT ON COLUMN mart.merchant.category IS 'Category of the merchant''s latest transaction.';

COMMENT ON COLUMN mart.merchant.first_seen_at IS 'Time of the first transaction, UTC.';

COMMENT ON COLUMN mart.merchant.last_seen_at IS 'Time of the latest transaction, UTC.';

COMMENT ON VIEW mart.merchant_league IS 'Merchants by what was spent with them.';

COMMENT ON COLUMN mart.merchant_league.merchant_id IS 'Key. A hash of the merchant''s name.';

COMMENT ON COLUMN mart.merchant_league.merchant IS 'Name of the merchant.';

COMMENT ON COLUMN mart.merchant_league.category IS 'Category of the merchant''s latest transaction.';

COMMENT ON COLUMN mart.merchant_league.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.merchant_league.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.merchant_league.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.merchant_league.merchant_rank IS '1 is the merchant with the largest amount; equal amounts have equal ranks.';

COMMENT ON COLUMN mart.merchant_league.rank_in_category IS 'The same among the merchants of the category.';

COMMENT ON COLUMN mart.merchant_league.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.merchant_league.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON VIEW mart.fraud_by_category IS 'Fraud and alerts by category.';

COMMENT ON COLUMN mart.fraud_by_category.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.fraud_by_category.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_category.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_category.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_category.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_category.fraud_amount IS 'The loss: US dollars of the frauds.';

COMMENT ON COLUMN mart.fraud_by_category.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_category.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_category.false_alerts IS 'Alerts on purchases that are no fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_category.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_category.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_category.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_category.alert_precision IS 'caught of the alerts with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_category.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_state IS 'Fraud and alerts by the customers'' home state.';

COMMENT ON COLUMN mart.fraud_by_state.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.fraud_by_state.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_state.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_state.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_state.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_state.fraud_amount IS 'The loss: US dollars of the frauds.';

COMMENT ON COLUMN mart.fraud_by_state.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_state.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_state.false_alerts IS 'Alerts on purchases that are no fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_state.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_state.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_state.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_state.alert_precision IS 'caught of the alerts with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_state.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_hour IS 'Fraud and alerts by hour of the day.';

COMMENT ON COLUMN mart.fraud_by_hour.hour_of_day IS 'Hour of the purchase, UTC: 0 to 23.';

COMMENT ON COLUMN mart.fraud_by_hour.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_hour.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_hour.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_hour.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_hour.fraud_amount IS 'The loss: US dollars of the frauds.';

COMMENT ON COLUMN mart.fraud_by_hour.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_hour.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_hour.false_alerts IS 'Alerts on purchases that are no fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_hour.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_hour.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_hour.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_hour.alert_precision IS 'caught of the alerts with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_hour.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_age_band IS 'Fraud and alerts by age on the day of the purchase.';

COMMENT ON COLUMN mart.fraud_by_age_band.age_band IS 'Completed years of age on the day of the purchase: 0-17, 18-24, 25-34, 35-44, 45-54, 55-64, 65-74, 75+.';

COMMENT ON COLUMN mart.fraud_by_age_band.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_age_band.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_age_band.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_age_band.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_age_band.fraud_amount IS 'The loss: US dollars of the frauds.';

COMMENT ON COLUMN mart.fraud_by_age_band.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_age_band.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_age_band.false_alerts IS 'Alerts on purchases that are no fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_age_band.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_age_band.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_age_band.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_age_band.alert_precision IS 'caught of the alerts with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_age_band.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.card_purchase IS 'One row per transaction of a card, with its alert: filter by card_id.';

COMMENT ON COLUMN mart.card_purchase.card_id IS 'Token of the card: a keyed hash of its number.';

COMMENT ON COLUMN mart.card_purchase.card_last4 IS 'Last four digits of the card''s number.';

COMMENT ON COLUMN mart.card_purchase.transaction_id IS 'Key.';

COMMENT ON COLUMN mart.card_purchase.occurred_at IS 'Time of the purchase, UTC.';

COMMENT ON COLUMN mart.card_purchase.merchant IS 'Name of the merchant.';

COMMENT ON COLUMN mart.card_purchase.category IS 'What the purchase was for.';

COMMENT ON COLUMN mart.card_purchase.amount IS 'US dollars.';

COMMENT ON COLUMN mart.card_purchase.is_fraud IS 'Ground truth; null where nobody has said.';

COMMENT ON COLUMN mart.card_purchase.is_alert IS 'The model raised an alert.';

COMMENT ON COLUMN mart.card_purchase.score IS 'The model''s score of an alert, 0 to 1; null without one.';

COMMENT ON COLUMN mart.card_purchase.reasons IS 'Why the model raised the alert, the weightiest first, joined by semicolons; null without one.';

COMMENT ON VIEW mart.verdict IS 'Latest verdict of each reviewed alert. Reviewer and note are in the alerts table only.';

COMMENT ON COLUMN mart.verdict.transaction_id IS 'Key. Of the alert, the same as in mart.purchase.';

COMMENT ON COLUMN mart.verdict.verdict IS 'fraud or genuine.';

COMMENT ON COLUMN mart.verdict.reviewed_at IS 'When it was given, UTC.';

COMMENT ON VIEW mart.review_by_category IS 'Alerts by category and verdict: the model''s precision where purchases have no labels.';

COMMENT ON COLUMN mart.review_by_category.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.review_by_category.alerts IS 'Purchases that the model raised an alert for.';

COMMENT ON COLUMN mart.review_by_category.reviewed IS 'Alerts with a verdict.';

COMMENT ON COLUMN mart.review_by_category.confirmed IS 'Alerts confirmed as fraud.';

COMMENT ON COLUMN mart.review_by_category.dismissed IS 'Alerts dismissed as genuine.';

COMMENT ON COLUMN mart.review_by_category.unreviewed IS 'Alerts without a verdict.';

COMMENT ON COLUMN mart.review_by_category.confirmed_rate IS 'confirmed / reviewed; null if none was reviewed.';

COMMENT ON COLUMN mart.review_by_category.confirmed_amount IS 'US dollars of the alerts confirmed as fraud.';

COMMENT ON VIEW mart.card IS 'One row per card, for the card lookup: filter by card_id or card_last4. No name, no street.';

COMMENT ON COLUMN mart.card.card_id IS 'Token of the card: a keyed hash of its number.';

COMMENT ON COLUMN mart.card.card_last4 IS 'Last four digits of the card''s number.';

COMMENT ON COLUMN mart.card.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.card.city IS 'The customer''s home town.';

COMMENT ON COLUMN mart.card.gender IS 'F or M: of the card''s latest customer, as state, city and year of birth are.';

COMMENT ON COLUMN mart.card.birth_year IS 'Year in which the customer was born.';

COMMENT ON COLUMN mart.card.first_purchase_at IS 'Time of the first purchase, UTC.';

COMMENT ON COLUMN mart.card.last_purchase_at IS 'Time of the last purchase, UTC.';

COMMENT ON COLUMN mart.card.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.card.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.card.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.card.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON VIEW mart.overview IS 'One row: how much there is, of which days, and how fresh it is.';

COMMENT ON COLUMN mart.overview.transactions IS 'Purchases in the marts: core.transaction''s rows less those waiting.';

COMMENT ON COLUMN mart.overview.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.overview.customers IS 'Customers in the marts.';

COMMENT ON COLUMN mart.overview.merchants IS 'Merchants with at least one purchase.';

COMMENT ON COLUMN mart.overview.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.overview.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.overview.verdicts IS 'Verdicts that people have given on alerts, second thoughts included.';

COMMENT ON COLUMN mart.overview.first_date IS 'Day of the first purchase in the marts.';

COMMENT ON COLUMN mart.overview.last_date IS 'Day of the last purchase.';

COMMENT ON COLUMN mart.overview.first_purchase_at IS 'Time of the first transaction of core, UTC.';

COMMENT ON COLUMN mart.overview.last_purchase_at IS 'Time of the last transaction of core, UTC.';

COMMENT ON COLUMN mart.overview.newest_merged_at IS 'When the newest purchase in the marts came to core.transaction.';

COMMENT ON COLUMN mart.overview.waiting IS 'Transactions of core that the marts lack until the next refresh.';

COMMENT ON COLUMN mart.overview.refreshed_at IS 'When the marts were last brought up to date; null: never. It is done when core has changed, so an old time does not mean old marts.';

COMMENT ON VIEW mart.customer_home IS 'Where each customer lives.';

COMMENT ON COLUMN mart.customer_home.customer_id IS 'Key. A keyed hash; no name behind it in the marts.';

COMMENT ON COLUMN mart.customer_home.city IS 'Town of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.customer_home.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON VIEW mart.purchase_place IS 'Where each purchase was made: the customer''s home town and the distance from home to merchant. One row per transaction of mart.purchase.';

COMMENT ON COLUMN mart.purchase_place.transaction_id IS 'Key. Of mart.purchase.';

COMMENT ON COLUMN mart.purchase_place.customer_id IS 'Who bought. Join on it, too: both lie by it.';

COMMENT ON COLUMN mart.purchase_place.city IS 'Town of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.purchase_place.distance_km IS 'Kilometers from the customer''s home at the purchase to the merchant, as the crow flies.';

COMMENT ON COLUMN mart.purchase_place.distance_band IS 'Band of the distance in km: under 25; 25-49; 50-74; 75-99; 100-149; 150-499; 500+.';

COMMENT ON VIEW mart.fraud_by_distance IS 'Fraud and alerts by the distance between home and merchant.';

COMMENT ON COLUMN mart.fraud_by_distance.distance_band IS 'Band of the distance in km: under 25; 25-49; 50-74; 75-99; 100-149; 150-499; 500+.';

COMMENT ON COLUMN mart.fraud_by_distance.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_distance.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_distance.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_distance.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_distance.fraud_amount IS 'US dollars of the frauds, caught or not.';

COMMENT ON COLUMN mart.fraud_by_distance.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_distance.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_distance.false_alerts IS 'Alerts on purchases that are labelled genuine.';

COMMENT ON COLUMN mart.fraud_by_distance.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_distance.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_distance.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_distance.alert_precision IS 'caught of the labelled alerts; null without any.';

COMMENT ON COLUMN mart.fraud_by_distance.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_amount_band IS 'Fraud and alerts by the amount of the purchase.';

COMMENT ON COLUMN mart.fraud_by_amount_band.amount_band IS 'Band of the amount in US dollars: under 10; 10-24; 25-49; 50-99; 100-249; 250-499; 500-999; 1,000+. A band ends just before the next one begins.';

COMMENT ON COLUMN mart.fraud_by_amount_band.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_amount_band.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_amount_band.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_amount_band.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_amount_band.fraud_amount IS 'US dollars of the frauds, caught or not.';

COMMENT ON COLUMN mart.fraud_by_amount_band.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_amount_band.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_amount_band.false_alerts IS 'Alerts on purchases that are labelled genuine.';

COMMENT ON COLUMN mart.fraud_by_amount_band.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_amount_band.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_amount_band.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_amount_band.alert_precision IS 'caught of the labelled alerts; null without any.';

COMMENT ON COLUMN mart.fraud_by_amount_band.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_weekday_and_hour IS 'Fraud and alerts by day of the week and hour.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.weekday IS 'Day of the week as in ISO 8601: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.hour_of_day IS 'Hour of the purchase, UTC: 0 to 23.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.fraud_amount IS 'US dollars of the frauds, caught or not.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.false_alerts IS 'Alerts on purchases that are labelled genuine.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.alert_precision IS 'caught of the labelled alerts; null without any.';

COMMENT ON COLUMN mart.fraud_by_weekday_and_hour.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.fraud_by_month IS 'Fraud and alerts over time. A month without purchases has no row.';

COMMENT ON COLUMN mart.fraud_by_month.month IS 'First day of the month of the purchase, UTC.';

COMMENT ON COLUMN mart.fraud_by_month.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.fraud_by_month.labelled IS 'Purchases with a ground truth.';

COMMENT ON COLUMN mart.fraud_by_month.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.fraud_by_month.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON COLUMN mart.fraud_by_month.fraud_amount IS 'US dollars of the frauds, caught or not.';

COMMENT ON COLUMN mart.fraud_by_month.alerts IS 'Purchases that the model raised an alert for, labelled or not.';

COMMENT ON COLUMN mart.fraud_by_month.caught IS 'Frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_month.false_alerts IS 'Alerts on purchases that are labelled genuine.';

COMMENT ON COLUMN mart.fraud_by_month.missed IS 'Frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_month.caught_amount IS 'US dollars of the frauds with an alert.';

COMMENT ON COLUMN mart.fraud_by_month.missed_amount IS 'US dollars of the frauds without an alert.';

COMMENT ON COLUMN mart.fraud_by_month.alert_precision IS 'caught of the labelled alerts; null without any.';

COMMENT ON COLUMN mart.fraud_by_month.alert_recall IS 'caught of the frauds; null without any.';

COMMENT ON VIEW mart.amount_distribution IS 'How large purchases are.';

COMMENT ON COLUMN mart.amount_distribution.amount_band IS 'Band of the amount in US dollars: under 10; 10-24; 25-49; 50-99; 100-249; 250-499; 500-999; 1,000+. A band ends just before the next one begins.';

COMMENT ON COLUMN mart.amount_distribution.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.amount_distribution.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.amount_distribution.customers IS 'Customers with at least one purchase.';

COMMENT ON VIEW mart.spend_by_day IS 'Spend by day. A day without purchases has no row.';

COMMENT ON COLUMN mart.spend_by_day.purchase_date IS 'Day of the purchase, UTC.';

COMMENT ON COLUMN mart.spend_by_day.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_day.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_day.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_day.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON VIEW mart.spend_by_city IS 'Spend by the customers'' home town.';

COMMENT ON COLUMN mart.spend_by_city.state IS 'US state of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.spend_by_city.city IS 'Town of the customer''s home, by the latest transaction of the customer.';

COMMENT ON COLUMN mart.spend_by_city.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.spend_by_city.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.spend_by_city.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.spend_by_city.average_amount IS 'US dollars per purchase, rounded to the cent.';

COMMENT ON COLUMN mart.spend_by_city.amount_per_customer IS 'US dollars per customer, rounded to the cent.';

COMMENT ON VIEW mart.merchant_by_category IS 'Merchants by what was spent with them in each category: a merchant of two categories has two rows.';

COMMENT ON COLUMN mart.merchant_by_category.merchant_id IS 'Key, with category. A hash of the merchant''s name.';

COMMENT ON COLUMN mart.merchant_by_category.merchant IS 'Name of the merchant.';

COMMENT ON COLUMN mart.merchant_by_category.category IS 'What the purchases were for.';

COMMENT ON COLUMN mart.merchant_by_category.customers IS 'Customers with at least one purchase.';

COMMENT ON COLUMN mart.merchant_by_category.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.merchant_by_category.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.merchant_by_category.rank_in_category IS '1 is the merchant with the largest amount in the category; equal amounts have equal ranks.';

COMMENT ON COLUMN mart.merchant_by_category.frauds IS 'Purchases that are fraud by the ground truth.';

COMMENT ON COLUMN mart.merchant_by_category.fraud_rate IS 'frauds of the purchases with a label; null without any.';

COMMENT ON VIEW mart.cohort_retention IS 'Customers by the month of their first purchase, and how many of them bought in each later month.';

COMMENT ON COLUMN mart.cohort_retention.cohort IS 'First day of the month of the customers'' first purchase, UTC.';

COMMENT ON COLUMN mart.cohort_retention.months IS 'Calendar months since the cohort: 0 is the first month itself. A month in which none of them bought has no row.';

COMMENT ON COLUMN mart.cohort_retention.cohort_customers IS 'Customers of the cohort.';

COMMENT ON COLUMN mart.cohort_retention.customers IS 'Customers of the cohort who bought in that month.';

COMMENT ON COLUMN mart.cohort_retention.transactions IS 'Purchases.';

COMMENT ON COLUMN mart.cohort_retention.amount IS 'US dollars spent, to the cent.';

COMMENT ON COLUMN mart.cohort_retention.retention IS 'customers of cohort_customers: 0 to 1; 1 in month 0.';
