-- The days of MART, or of a view, without those before the horizon of SCOPE.
SELECT DISTINCT day FROM :"mart" WHERE day >= horizon(:scope)
