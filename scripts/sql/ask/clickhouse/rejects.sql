-- Open rejects of CODE.
SELECT * FROM wb_reject FINAL WHERE state = 'open' AND code = {code:String}
