-- calls: 1
SELECT date_trunc('month', lower(period)) AS month, sum(amount) FROM invoices WHERE status = 'paid' GROUP BY 1 ORDER BY 1;
