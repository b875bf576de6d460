-- calls: 6
SELECT user_id, during FROM absences WHERE during && tstzrange('2025-12-01 00:00+00', '2025-12-02 00:00+00') AND user_id IN (9301, 17037, 30094, 49940, 29441, 8615, 44, 444);
