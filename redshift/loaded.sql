-- Which of these objects a COPY has loaded. https://docs.aws.amazon.com/redshift/latest/dg/SYS_LOAD_DETAIL.html has a
-- row per object, ${FILES} is a list of their addresses.
SELECT DISTINCT TRIM(detail.file_name) AS file_name
FROM sys_load_detail AS detail
INNER JOIN sys_load_history AS history ON history.query_id = detail.query_id
WHERE history.status = 'completed'
    AND TRIM(detail.file_name) IN (${FILES});
