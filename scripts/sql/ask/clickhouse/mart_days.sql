-- The days of MART, or of a view, without those before the horizon of SCOPE.
SELECT DISTINCT toString(day) AS d FROM {mart:Identifiers} WHERE day >= (SELECT max(day) FROM wb_horizon WHERE scope = {scope:String})
