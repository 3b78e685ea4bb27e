#include "core/report/foreign.h"

#include <fmt/format.h>

#include "core/kube/json.h"

namespace hitless::report {
namespace {

using kube::json::object;
using load::FailureList;
using load::LoadResult;

/// Stands in for what the program did not say; never shown.
constexpr std::string_view kNoUrl = "http://client.invalid/";

std::uint64_t sum(const FailureList& list) {
  std::uint64_t total = 0;
  for (const auto& [cause, count] : list.counts) {
    total += count;
  }
  return total;
}

/// Counts follow from a list that is complete.
void countListed(FailureList& list) {
  if (!list.counts.empty()) {
    return;
  }
  for (const load::Failure& failure : list.listed) {
    ++list.counts[failure.cause];
  }
}

Status checkTimes(const FailureList& list) {
  for (std::size_t i = 0; i < list.listed.size(); ++i) {
    if (list.listed[i].failed == WallTime{}) {
      return invalid(fmt::format("entry {} of a list of failures has no time.failed", i),
                     "Unix time in nanoseconds");
    }
  }
  return {};
}

void fillDue(FailureList& list) {
  for (load::Failure& failure : list.listed) {
    if (failure.scheduled == WallTime{}) {
      failure.scheduled = failure.connect.value_or(failure.failed);
    }
  }
}

Status fillCounts(LoadResult& result, const object& given) {
  const auto absent = [&](std::string_view key) { return kube::find(given, key) == nullptr; };
  if (absent("failed")) {
    result.failed = sum(result.failures);
  }
  if (absent("succeeded") && result.sent >= result.failed) {
    result.succeeded = result.sent - result.failed;
  }
  if (absent("sent")) {
    result.sent = result.succeeded + result.failed;
  }
  if (absent("scheduled")) {
    result.scheduled = result.sent;
  }
  if (absent("retried")) {
    result.retried = sum(result.retries);
  }
  if (result.sent != result.succeeded + result.failed) {
    return invalid(fmt::format("sent is {}, but succeeded and failed are {} and {}", result.sent,
                               result.succeeded, result.failed));
  }
  if (result.failed != sum(result.failures)) {
    return invalid(fmt::format("failed is {}, but failures.causes explains {}", result.failed,
                               sum(result.failures)));
  }
  return {};
}

Result<LoadResult> complete(const ForeignRun& run, object given) {
  const bool described = kube::findObject(given, {"load"}) != nullptr;
  if (!described) {
    given["load"] = object{{"url", kNoUrl}};
  }
  LoadResult result = TRY(load::fromJson(given));
  if (!described) {
    result.spec = {};
  }
  for (FailureList* list : {&result.failures, &result.retries}) {
    TRY_VOID(checkTimes(*list));
    fillDue(*list);
    countListed(*list);
  }
  TRY_VOID(fillCounts(result, given));
  if (result.started == WallTime{}) {
    result.started = run.started;
  }
  if (result.duration == nanoseconds{0}) {
    result.duration = run.ended - result.started;
  }
  return result;
}

}  // namespace

Result<NamedLoad> foreignLoad(const ForeignRun& run, object given) {
  auto result = complete(run, std::move(given));
  if (!result) {
    return tl::unexpected<Error>(
        std::move(result).error().about(fmt::format("result of load '{}'", run.name)));
  }
  return NamedLoad{run.name, *std::move(result), run.client};
}

}  // namespace hitless::report
