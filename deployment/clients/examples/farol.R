# Scores a record, reports an outcome and reads a refusal: FAROL_URL=... FAROL_API_KEY=... Rscript farol.R
library(httr2)

url <- Sys.getenv("FAROL_URL", "http://127.0.0.1:8000")
key <- Sys.getenv("FAROL_API_KEY")

# Not by sample(): after set.seed() a second run would send the keys of the first.
new_key <- function() paste(openssl::rand_bytes(16), collapse = "")

may_help <- function(answer) {
  resp_status(answer) %in% c(408, 429, 502, 503, 504) ||
    (resp_status(answer) == 409 && resp_header_exists(answer, "retry-after"))
}

# A call with a key of its own may be sent again: what was done is not done twice.
post <- function(path, body, call_key = new_key()) {
  call <- request(paste0(url, "/v1", path)) |>
    req_body_json(body, auto_unbox = TRUE, digits = NA) |>
    req_headers("idempotency-key" = call_key) |>
    req_retry(max_tries = 5, is_transient = may_help) |>
    req_error(is_error = function(answer) FALSE)
  if (nzchar(key)) call <- req_auth_bearer_token(call, key)
  answer <- req_perform(call)
  list(status = resp_status(answer), body = resp_body_json(answer, check_type = FALSE))
}

record <- list(student_id = "RA-r", inde = 5.4, ida = 4.2, fase = 3, pedra = "quartzo")
call_key <- new_key()
scored <- post("/predict", record, call_key)$body
cat("status: ", scored$status, ", by ", scored$model_version, "\n", sep = "")

again <- post("/predict", record, call_key)$body
cat("the same answer again: ", tolower(again$prediction_id == scored$prediction_id), "\n", sep = "")

told <- post("/labels", list(prediction_id = scored$prediction_id, outcome = 1))$body
cat("accepted ", told$accepted, ", rejected ", length(told$rejected), "\n", sep = "")

refused <- post("/predict", list(student_id = "RA-r", ida = 99, mat = "ten"))
faults <- vapply(refused$body$errors, function(one) paste0(one$field, ": ", one$detail), "")
cat("refused: ", paste(faults, collapse = "; "), "\n", sep = "")
