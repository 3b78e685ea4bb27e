#include "app/doctor/examination.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "core/doctor/report.h"
#include "sys/doctor/bundle.h"
#include "sys/doctor/collector.h"

namespace hitless::app {
namespace {

Result<std::vector<const doctor::Check*>> chosenChecks(const DoctorOptions& options) {
  return doctor::select(doctor::checks(), options.only, options.skip);
}

}  // namespace

Result<Examined> examineNode(const DoctorOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const auto chosen = TRY(chosenChecks(options));
  Examined result;
  result.evidence = options.readBundle.empty() ? sys::collect(doctor::wantsOf(chosen))
                                               : TRY(sys::readBundle(options.readBundle));
  result.examination = doctor::examine(result.evidence, chosen);
  result.took = std::chrono::steady_clock::now() - begin;
  return result;
}

int printReport(const Examined& examined, bool json) {
  const doctor::ReportFacts facts{examined.evidence, examined.examination, examined.took};
  if (json) {
    fmt::print("{}\n", boost::json::serialize(doctor::reportJson(facts)));
  } else {
    fmt::print("{}", doctor::renderReport(facts));
  }
  return doctor::exitStatus(examined.examination);
}

Status writeBundleOf(const DoctorOptions& options) {
  const auto chosen = TRY(chosenChecks(options));
  const doctor::Evidence evidence = sys::collect(doctor::wantsOf(chosen));
  TRY_VOID(sys::writeBundle(options.bundle, evidence));
  std::size_t files = 0;
  for (const doctor::Sample& sample : evidence.samples) {
    files += sample.files.size();
  }
  fmt::print("{}: {} files; hitless doctor --read-bundle {} examines it anywhere\n", options.bundle,
             files, options.bundle);
  for (const auto& [name, reason] : evidence.unread) {
    fmt::print("not in it: {} ({})\n", name, reason);
  }
  return {};
}

}  // namespace hitless::app
