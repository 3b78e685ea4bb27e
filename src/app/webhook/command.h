#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace hitless::app {

std::function<int()> addWebhook(CLI::App& parser);

}  // namespace hitless::app
