# One posterior of posteriordb by the No-U-Turn sampler of rstan: four chains of 1,000 steps after as many to warm up, one after the other. Run by
# beside-nuts.fsx; prints one line of JSON.
#     Rscript scripts/beside-nuts.R FOLDER NAME       (FOLDER holds posterior_database, with models/stan)
suppressPackageStartupMessages({
  library(rstan)
  library(jsonlite)
})

words <- commandArgs(trailingOnly = TRUE)
path <- function(...) file.path(words[1], "posterior_database", ...)
unzipped <- function(file) {
  connection <- unz(file, sub("\\.zip$", "", basename(file)))
  on.exit(close(connection))
  fromJSON(paste(readLines(connection, warn = FALSE), collapse = "\n"))
}

entry <- fromJSON(path("posteriors", paste0(words[2], ".json")))
data <- unzipped(path("data", "data", paste0(entry$data_name, ".json.zip")))
published <- unzipped(path("reference_posteriors", "draws", "draws", paste0(entry$reference_posterior_name, ".json.zip")))
if (is.data.frame(published)) published <- lapply(published, function(chains) chains)

# Processor seconds, with those of the compiler that has ended.
seconds <- function(compute) sum(system.time(compute)[c("user.self", "sys.self", "user.child", "sys.child")])

# Debian keeps these headers outside R's packages.
headers <- function(option, elsewhere) if (file.exists(rstan_options(option))) NULL else elsewhere

# Debian's rstan knows the older notation of arrays only: type name[sizes] for array[sizes] type name.
formula <- paste(readLines(path("models", "stan", paste0(entry$model_name, ".stan")), warn = FALSE), collapse = "\n")
if (packageVersion("rstan") < "2.26") {
  formula <- gsub("array\\[([ ,]*)\\]\\s+(\\w+)", "\\2[\\1]", formula)
  formula <- gsub("array\\[([^]]+)\\]\\s+([^;=]+?(?:<[^>]*>)?(?:\\[[^]]*\\])?)\\s+(\\w+)\\s*(;|=)", "\\2 \\3[\\1]\\4", formula, perl = TRUE)
}

compilation <- seconds(program <- stan_model(
  model_code = formula,
  boost_lib = headers("boost_lib", "/usr/include"), eigen_lib = headers("eigen_lib", "/usr/include/eigen3")
))
sampling <- seconds(fit <- suppressWarnings(sampling(program, data = data, chains = 4, cores = 1, iter = 2000, seed = 1, refresh = 0)))

names <- names(published)
draws <- as.array(fit)[, , names, drop = FALSE]
effective <- sapply(names, function(name) ess_bulk(draws[, , name]))
reference <- sapply(names, function(name) unlist(published[[name]]))
errors <- sapply(names, function(name) abs(mean(draws[, , name]) - mean(reference[, name])) / sd(reference[, name]))
divergent <- sum(sapply(get_sampler_params(fit, inc_warmup = FALSE), function(chain) sum(chain[, "divergent__"])))

cat(toJSON(list(
  compilation = compilation, sampling = sampling, effective = min(effective), mean = mean(effective),
  meanError = max(errors), divergent = divergent
), auto_unbox = TRUE, digits = 8), "\n")
