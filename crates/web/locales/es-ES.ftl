triggered = Objeto iniciado correctamente con el id de ejecución: { $run }
    .details = Objeto iniciado correctamente.
interrupted = Ejecución interrumpida correctamente, id de ejecución: { $run }
    .details = Ejecución interrumpida correctamente.
restarted = Objeto reiniciado correctamente con el id de ejecución: { $run }
    .details = Objeto iniciado correctamente.
rerun = Objeto ejecutado de nuevo correctamente con el id de ejecución: { $run }
    .details = Objeto iniciado correctamente.

summary-not-authenticated = La solicitud no está autenticada.
summary-headers = Cabeceras de la solicitud no válidas o ausentes.
summary-arguments = Argumentos no válidos en la solicitud.
summary-body = No se aceptó el cuerpo de la solicitud.

token-missing = { summary-not-authenticated }
    .details = La solicitud no lleva un token de acceso: envíe la cabecera «Authorization: Bearer <token>».
token-invalid = { summary-not-authenticated }
    .details = El token de acceso no es válido, ha caducado o ha sido revocado.
token-repeated = { summary-not-authenticated }
    .details = La solicitud tiene más de una cabecera «Authorization».
token-narrow = La llamada no está permitida.
    .details = El token de acceso es para otros servicios: solicite uno con el ámbito urn:opc:idm:__myscopes__.

header-missing = { summary-headers }
    .details = Falta la cabecera «{ $header }» en la solicitud.
header-invalid = { summary-headers }
    .details = La cabecera «{ $header }» debe enviarse una sola vez, con 128 caracteres imprimibles como máximo.
key-header-invalid = { summary-headers }
    .details = La cabecera «Idempotency-Key» debe enviarse una sola vez, con 1 a 255 caracteres ASCII visibles.
unknown-scope = { summary-headers }
    .details = El inquilino, el servicio o el espacio de trabajo de las cabeceras no existe o no es suyo.

not-allowed = La llamada no está permitida.
    .details = { $who } no posee { $function } en { $scope }.

body-not-json = { summary-arguments }
    .details = El cuerpo de la solicitud no es JSON válido en la línea { $line }, columna { $column }: { $problem }.
nested-not-json = { summary-arguments }
    .details = El texto de «{ $key }» no es JSON válido en la línea { $line }, columna { $column }: { $problem }.
body-not-object = { summary-arguments }
    .details = El cuerpo de la solicitud debe ser un objeto JSON.
body-broken = { summary-body }
    .details = El cuerpo de la solicitud terminó demasiado pronto o está mal delimitado.
body-too-large = { summary-body }
    .details = El cuerpo de la solicitud supera { $limit } bytes.
body-too-slow = { summary-body }
    .details = El cuerpo de la solicitud no llegó a tiempo.
not-json-type = { summary-body }
    .details = La solicitud necesita la cabecera «Content-Type: application/json», en UTF-8 y sin «Content-Encoding».
method-not-allowed = El método no está permitido.
    .details = Esta llamada acepta POST, no { $method }.

key-missing = { summary-arguments }
    .details = Falta «{ $key }» en el cuerpo de la solicitud.
key-wrong = { summary-arguments }
    .details = «{ $key }» debe ser { $wanted ->
        [codes] una cadena separada por comas o una lista de cadenas
        [object] un objeto
        [value] una cadena, un número o un booleano
        [batch-params] un objeto, o una cadena que contenga uno, para un lote
        [group-params] una lista, o una cadena que contenga una, para un grupo de lotes
       *[text] una cadena
    }.
keys-contradict = { summary-arguments }
    .details = «{ $key }» y «{ $other }» se contradicen.
too-many-codes = { summary-arguments }
    .details = «{ $key }» tiene más de { $limit } entradas.
not-a-batch-type = { summary-arguments }
    .details = «batchType» debe ser «rest» o «group», no «{ $value }».
not-a-date = { summary-arguments }
    .details = «{ $value }» en «{ $key }» no es una fecha con la forma yyyy-mm-dd.
not-a-name = { summary-arguments }
    .details = «{ $key }» tiene un parámetro sin un nombre utilizable.
date-of-task = { summary-arguments }
    .details = «{ $key }» tiene otra fecha contable que su lote: indique la fecha en «batchParams».
member-repeated = { summary-arguments }
    .details = «dynamicParamList» nombra dos veces el lote «{ $batch }».
unknown-task = { summary-arguments }
    .details = «{ $key }» nombra «{ $task }», que no es una tarea.
external-id-invalid = { summary-arguments }
    .details = «externalRunId» debe tener de 1 a 255 caracteres ASCII visibles.
invalid = { summary-arguments }
    .details = «{ $key }» no es válido: { $problem }.
key-reused = { summary-arguments }
    .details = La clave de idempotencia «{ $key }» ya se usó con otra solicitud.

not-found = El objeto no existe.
    .details = { $what ->
        [batch] El lote
        [batch-group] El grupo de lotes
        [run] La ejecución
       *[other] El objeto ({ $what })
    } «{ $id }» no existe.
nothing-to-run = No hay ningún trabajo que ejecutar.
    .details = La llamada fue rechazada: { $reason }.
already-interrupted = El trabajo ya está interrumpido.
    .details = La ejecución «{ $run }» ya está interrumpida.
wrong-state = El trabajo no está en curso ni abortado.
    .details = La llamada fue rechazada: { $reason }.
too-many = Demasiadas solicitudes.
    .details = Ha enviado más solicitudes de las permitidas: no se ha hecho nada, repita la solicitud en { $seconds } s.
overloaded = El servidor tiene demasiado que hacer.
    .details = No se ha hecho nada: repita la solicitud en un momento.
unavailable = El servidor no está disponible ahora.
    .details = El servidor no puede guardar ni comprobar esto ahora: repita la solicitud un poco más tarde.
definitions-refused = { summary-arguments }
    .details = Las definiciones tienen { $count } defectos.
