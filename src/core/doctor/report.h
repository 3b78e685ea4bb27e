#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/doctor/examine.h"
#include "core/doctor/treatment.h"

/// What the doctor says: for people, and for programs (docs/doctor.md describes both).
namespace hitless::doctor {

struct ReportFacts {
  const Evidence& evidence;
  const Examination& examination;
  nanoseconds took{};  ///< Of collecting and checking.
};

/// The findings, the worst first; what could not be looked at; the line to repair with.
std::string renderReport(const ReportFacts& facts);
boost::json::object reportJson(const ReportFacts& facts);

/// What `--fix` is about to do, and what it leaves.
std::string renderPlan(const TreatmentPlan& plan);

/// The text of an error of one finding in one line, for logs: "critical nft-rule-explosion ip
/// filter KUBE-ROUTER-INPUT: ...".
std::string line(const Finding& finding);

/// 0: nothing is wrong (notes do not count); 2: warnings; 3: critical. 1 is for the doctor's own
/// failures.
int exitStatus(const Examination& examination);

}  // namespace hitless::doctor
