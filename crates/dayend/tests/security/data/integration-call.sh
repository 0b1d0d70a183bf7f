curl -X GET -H 'Authorization: Bearer eyJiO.eyJzdZ.tQ8_-9Jor5'
