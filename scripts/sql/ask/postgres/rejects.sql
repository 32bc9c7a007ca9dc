-- Open rejects of CODE.
SELECT * FROM wb_reject WHERE state = 'open' AND code = :code
