# What every page needs, whatever it is about.

site-name = Ticketing

moment = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time } UTC

failure-bad-request-title = That can’t be understood
failure-bad-request-text = Something in this request is not as it should be. Go back and try once more.
failure-forbidden-title = This is somebody else’s
failure-forbidden-text = It can be seen by its owner only. Signing in with another account may help.
failure-forged-title = This form is out of date
failure-forged-text = It was made before you signed in or out, or for somebody else. Nothing has been changed. Go back, reload the page and send it again.
failure-not-found-title = There is nothing here
failure-not-found-text = The address may be mistyped, or what was here is gone.
failure-busy-title = Too many attempts
failure-busy-text = Wait a moment, then try again.
failure-unavailable-title = Not available at the moment
failure-unavailable-text = A part of the platform does not answer. Nothing is lost; try again in a moment.
failure-broken-title = Something went wrong
failure-broken-text = It is our fault, not yours. Try again in a moment.
failure-number = If it happens again, tell whoever runs this site this number: { $trace }
failure-again = Try again
failure-home = To the tickets
