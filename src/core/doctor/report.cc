#include "core/doctor/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/count_text.h"
#include "base/text.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

/// "12 ms", "1.6 s"
std::string shortTime(nanoseconds time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

void addField(std::string& out, std::string_view title, std::string_view text) {
  if (!text.empty()) {
    out += fmt::format("  {:<12} {}\n", title, text);
  }
}

std::string render(const Finding& finding) {
  std::string out = fmt::format("{} {}\n  {}: {}\n", name(finding.severity), finding.check,
                                finding.subject, finding.summary);
  for (std::size_t i = 0; i < finding.evidence.size(); ++i) {
    addField(out, i == 0 ? "seen" : "", finding.evidence[i]);
  }
  addField(out, "who", finding.owner);
  addField(out, "consequence", finding.consequence);
  addField(out, "remedy", finding.remedy);
  for (const Action& action : finding.repair) {
    addField(out, "--fix would", describe(action));
  }
  return out;
}

std::size_t count(const Examination& examination, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(examination.findings.begin(), examination.findings.end(),
                    [severity](const Finding& f) { return f.severity == severity; }));
}

/// Reasons in common are told once: "needs root: proc/1/exe (xtables-lock, iptables-check-lies)".
std::string renderUnseen(const Examination& examination) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> byFile;
  for (const Unseen& unseen : examination.unseen) {
    byFile[{unseen.reason, unseen.name}].push_back(unseen.check);
  }
  std::string out;
  for (const auto& [what, checks] : byFile) {
    out += fmt::format("not seen: {} ({}); {} had to go without it\n", what.second, what.first,
                       join(checks, ", "));
  }
  return out;
}

/// How many checks could not see all that they look at.
std::size_t handicapped(const Examination& examination) {
  std::set<std::string_view> checks;
  for (const Unseen& unseen : examination.unseen) {
    checks.insert(unseen.check);
  }
  return checks.size();
}

bool repairable(const Examination& examination) {
  return std::any_of(examination.findings.begin(), examination.findings.end(),
                     [](const Finding& finding) { return !finding.repair.empty(); });
}

json::array strings(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) {
    out.emplace_back(text);
  }
  return out;
}

json::object findingJson(const Finding& finding) {
  std::vector<std::string> actions;
  for (const Action& action : finding.repair) {
    actions.push_back(describe(action));
  }
  return {{"check", finding.check},
          {"severity", name(finding.severity)},
          {"subject", finding.subject},
          {"summary", finding.summary},
          {"evidence", strings(finding.evidence)},
          {"owner", finding.owner},
          {"consequence", finding.consequence},
          {"remedy", finding.remedy},
          {"repair", strings(actions)}};
}

}  // namespace

std::string line(const Finding& finding) {
  return fmt::format("{} {} {}: {}", name(finding.severity), finding.check, finding.subject,
                     finding.summary);
}

std::string renderReport(const ReportFacts& facts) {
  const Examination& examination = facts.examination;
  std::string out;
  for (const Finding& finding : examination.findings) {
    out += render(finding) + "\n";
  }
  out += renderUnseen(examination);
  const std::size_t notes = count(examination, Severity::kInfo);
  out += fmt::format("{} (Linux {}): {} in {}: ", facts.evidence.host, facts.evidence.kernel,
                     counted(examination.checks, "check"), shortTime(facts.took));
  if (examination.findings.size() == notes) {
    out += examination.unseen.empty() ? "nothing is wrong" : "nothing wrong was seen";
  } else {
    out += fmt::format("{} critical, {}", count(examination, Severity::kCritical),
                       counted(count(examination, Severity::kWarning), "warning"));
  }
  out += notes == 0 ? "" : fmt::format(", {}", counted(notes, "note"));
  if (!examination.unseen.empty()) {
    out += fmt::format("; {} of the checks had to go without something", handicapped(examination));
  }
  out += "\n";
  if (repairable(examination)) {
    out += "hitless doctor --fix shows what it would repair, and asks\n";
  }
  return out;
}

json::object reportJson(const ReportFacts& facts) {
  json::array findings;
  for (const Finding& finding : facts.examination.findings) {
    findings.push_back(findingJson(finding));
  }
  json::array unseen;
  for (const Unseen& one : facts.examination.unseen) {
    unseen.emplace_back(
        json::object{{"check", one.check}, {"name", one.name}, {"reason", one.reason}});
  }
  return {{"host", facts.evidence.host},
          {"kernel", facts.evidence.kernel},
          {"taken", formatMicroTime(facts.evidence.taken)},
          {"tookNs", facts.took.count()},
          {"checks", facts.examination.checks},
          {"findings", std::move(findings)},
          {"unseen", std::move(unseen)}};
}

std::string renderPlan(const TreatmentPlan& plan) {
  std::string out;
  for (const TreatmentStep& step : plan.steps) {
    out += fmt::format("{} ({}):\n", step.place, join(step.checks, ", "));
    for (const std::string& text : step.lines) {
      out += fmt::format("  {}\n", text);
    }
  }
  for (const Untreated& left : plan.untreated) {
    out += fmt::format("left as it is: {} {}: {}\n", left.check, left.subject, left.reason);
  }
  return out;
}

int exitStatus(const Examination& examination) {
  switch (examination.worst().value_or(Severity::kInfo)) {
    case Severity::kInfo:
      return 0;
    case Severity::kWarning:
      return 2;
    case Severity::kCritical:
      return 3;
  }
  return 0;
}

}  // namespace hitless::doctor
