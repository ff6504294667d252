select category, count(*) as purchases, sum(amount) as amount
from {{ source('mart', 'purchase') }}
group by category
