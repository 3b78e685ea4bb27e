#include "app/webhook/metrics.h"

#include <fmt/format.h>

namespace hitless::app {
namespace {

std::string head(std::string_view name, std::string_view type, std::string_view help) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

template <class T>
std::string single(std::string_view name, std::string_view type, std::string_view help, T value) {
  return fmt::format("{}{} {}\n", head(name, type, help), name, value);
}

}  // namespace

std::string WebhookMetrics::render() const {
  std::string out = head("hitless_webhook_reviews_total", "counter",
                         "Admission reviews answered, by what became of them");
  for (const auto& [outcome, count] : reviews) {
    out += fmt::format("hitless_webhook_reviews_total{{outcome=\"{}\"}} {}\n", outcome, count);
  }
  out += head("hitless_webhook_review_seconds", "histogram", "How long an answer took to make");
  out += reviewSeconds.render("hitless_webhook_review_seconds", "");
  out += single("hitless_webhook_certificate_renewals_total", "counter",
                "Certificates that took the place of another while it served", renewals);
  out += single("hitless_webhook_certificate_end_seconds", "gauge",
                "When the certificate in use is over",
                std::chrono::floor<seconds>(certificateEnd).time_since_epoch().count());
  out +=
      single("hitless_webhook_ready", "gauge", "1 while API servers should ask it", ready ? 1 : 0);
  return out;
}

}  // namespace hitless::app
