# The value of a message is the `summary` of the answer, its attribute the `details`.
# The first four are the guide's own words: do not change them.

triggered = Object triggered successfully with Run Id: { $run }
    .details = Object triggered successfully.
interrupted = Execution interrupted successfully for Run Id: { $run }
    .details = Execution interrupted successfully.
restarted = Object triggered successfully for restart with Run Id: { $run }
    .details = Object triggered successfully.
rerun = Object triggered successfully for rerun with Run Id: { $run }
    .details = Object triggered successfully.

summary-not-authenticated = The request is not authenticated.
summary-headers = Invalid request headers or request headers missing.
summary-arguments = Invalid arguments passed in request.
summary-body = The request body was not accepted.

token-missing = { summary-not-authenticated }
    .details = The request carries no access token: send the header 'Authorization: Bearer <token>'.
token-invalid = { summary-not-authenticated }
    .details = The access token is invalid, expired or revoked.
token-repeated = { summary-not-authenticated }
    .details = The request has more than one 'Authorization' header.
token-narrow = The call is not allowed.
    .details = The access token is for other services: ask for one with the scope urn:opc:idm:__myscopes__.

header-missing = { summary-headers }
    .details = The request header '{ $header }' is missing.
header-invalid = { summary-headers }
    .details = The request header '{ $header }' must be sent once, with at most 128 printable characters.
key-header-invalid = { summary-headers }
    .details = The request header 'Idempotency-Key' must be sent once, with 1 to 255 visible ASCII characters.
unknown-scope = { summary-headers }
    .details = The tenant, service or workspace in the request headers does not exist or is not yours.

not-allowed = The call is not allowed.
    .details = { $who } does not hold { $function } in { $scope }.

body-not-json = { summary-arguments }
    .details = The request body is not valid JSON at line { $line }, column { $column }: { $problem }.
nested-not-json = { summary-arguments }
    .details = The text in '{ $key }' is not valid JSON at line { $line }, column { $column }: { $problem }.
body-not-object = { summary-arguments }
    .details = The request body must be a JSON object.
body-broken = { summary-body }
    .details = The request body ended early or is not framed correctly.
body-too-large = { summary-body }
    .details = The request body is larger than { $limit } bytes.
body-too-slow = { summary-body }
    .details = The request body did not arrive in time.
not-json-type = { summary-body }
    .details = The request needs the header 'Content-Type: application/json', in UTF-8 and without 'Content-Encoding'.
method-not-allowed = The method is not allowed.
    .details = This call takes POST, not { $method }.

key-missing = { summary-arguments }
    .details = '{ $key }' is missing in the request body.
key-wrong = { summary-arguments }
    .details = '{ $key }' must be { $wanted ->
        [codes] a comma-separated string or an array of strings
        [object] an object
        [value] a string, a number or a boolean
        [batch-params] an object, or a string that holds one, for a batch
        [group-params] an array, or a string that holds one, for a batch group
       *[text] a string
    }.
keys-contradict = { summary-arguments }
    .details = '{ $key }' and '{ $other }' contradict each other.
too-many-codes = { summary-arguments }
    .details = '{ $key }' has more than { $limit } entries.
not-a-batch-type = { summary-arguments }
    .details = 'batchType' must be 'rest' or 'group', not '{ $value }'.
not-a-date = { summary-arguments }
    .details = '{ $value }' in '{ $key }' is not a date of the form yyyy-mm-dd.
not-a-name = { summary-arguments }
    .details = '{ $key }' has a parameter without a usable name.
date-of-task = { summary-arguments }
    .details = '{ $key }' has another business date than its batch: give the date in 'batchParams'.
member-repeated = { summary-arguments }
    .details = 'dynamicParamList' names the batch '{ $batch }' twice.
unknown-task = { summary-arguments }
    .details = '{ $key }' names '{ $task }', which is not a task.
external-id-invalid = { summary-arguments }
    .details = 'externalRunId' must have 1 to 255 visible ASCII characters.
invalid = { summary-arguments }
    .details = '{ $key }' is not valid: { $problem }.
key-reused = { summary-arguments }
    .details = The idempotency key '{ $key }' was used before with another request.

not-found = Object does not exist.
    .details = { $what ->
        [batch] The batch
        [batch-group] The batch group
        [run] The run
       *[other] The { $what }
    } '{ $id }' does not exist.
nothing-to-run = No executable job is present.
    .details = The call was refused: { $reason }.
already-interrupted = Job is already interrupted.
    .details = The run '{ $run }' is already interrupted.
wrong-state = Job is not ongoing/aborted.
    .details = The call was refused: { $reason }.
too-many = Too many requests.
    .details = You asked more often than you may: nothing was done, repeat the request in { $seconds } s.
overloaded = The server has too much to do.
    .details = Nothing was done: repeat the request in a moment.
unavailable = The server is not available now.
    .details = The server cannot store or check this now: repeat the request a little later.
definitions-refused = { summary-arguments }
    .details = The definitions have { $count } defects.
