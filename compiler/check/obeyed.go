package check

import (
	"slices"
	"strings"
)

// steering are environment variables that make programs run or load something else. A script
// gets parameters as variables of the same name, so that none can be called so, in any case.
var steering = strings.Fields(`
	http_proxy https_proxy ftp_proxy all_proxy no_proxy rsync_proxy socks_proxy
	path home shell ifs bash_env bashopts shellopts bash_xtracefd cdpath fpath globignore zdotdir
	ps1 ps4 prompt_command inputrc gconv_path glibc_tunables lesskey lessopen lessclose
	pythonpath pythonhome pythonstartup pythonuserbase pythonexecutable pythonplatlibdir pythonbreakpoint pythoninspect
	pythonwarnings pythonpycacheprefix node_options node_path perllib perldb_opts rubyopt rubylib rubyshell
	lua_init lua_path lua_cpath phprc php_ini_scan_dir java_tool_options jdk_java_options _java_options classpath
	git_dir git_work_tree git_common_dir git_exec_path git_index_file git_object_directory git_alternate_object_directories
	git_namespace git_askpass git_editor git_sequence_editor git_pager git_external_diff git_proxy_command git_template_dir
	git_allow_protocol git_protocol_from_user git_attr_source git_ceiling_directories git_discovery_across_filesystem
	git_redirect_stdin git_redirect_stdout git_redirect_stderr git_replace_ref_base git_shallow_file git_no_replace_objects
	git_ssl_no_verify git_ssl_cainfo git_ssl_capath
	pipe_output`)

// steeringPrefixes begin the names of whole families of them.
var steeringPrefixes = []string{"ld_", "dyld_", "bash_func_", "perl5", "git_config", "git_ssh", "git_trace"}

// configuring are those that say where programs look and whom they believe. In lower case they
// are good names for parameters.
var configuring = strings.Fields(`
	env tmpdir term termcap terminfo lang language tz locpath nlspath editor visual pager browser manpager histfile
	hostaliases localdomain res_options ssh_askpass sudo_askpass sudo_editor ssh_auth_sock
	ssl_cert_file ssl_cert_dir sslkeylogfile curl_ca_bundle curl_home requests_ca_bundle node_extra_ca_certs openssl_conf openssl_modules wgetrc netrc
	pip_index_url pip_extra_index_url pip_find_links pip_config_file pip_trusted_host pip_target pip_prefix
	uv_index_url uv_extra_index_url uv_index uv_default_index uv_find_links uv_config_file
	bundle_gemfile gem_path gem_home gemrc composer_home maven_opts maven_args gradle_opts gradle_user_home ant_opts sbt_opts java_home
	goflags goproxy gosumdb gonosumdb gonoproxy goprivate goinsecure gopath goroot gobin gotoolchain goenv gocacheprog
	rustc rustc_wrapper rustc_workspace_wrapper rustflags rustdocflags cargo_home rustup_home rustup_toolchain
	cc cxx ld ar as cflags cxxflags cppflags ldflags compiler_path gcc_exec_prefix cpath c_include_path cplus_include_path library_path
	makeflags makefiles mflags gnumakeflags pkg_config pkg_config_path cmake_toolchain_file cmake_prefix_path config_site
	docker_host docker_config docker_context docker_cert_path docker_tls_verify buildx_config buildkit_host compose_file
	kubeconfig kubectl_external_diff helm_plugins tf_cli_config_file terraform_config tf_plugin_cache_dir
	aws_config_file aws_shared_credentials_file aws_endpoint_url boto_config cloudsdk_config`)

var configuringPrefixes = []string{"npm_config_", "yarn_", "cargo_", "tf_cli_args"}

// isSteering reports whether a variable makes programs run or load something else.
func isSteering(variable string) bool { return listed(variable, steering, steeringPrefixes) }

// isObeyed reports whether a stranger's value in the variable could do harm.
func isObeyed(variable string) bool {
	return isSteering(variable) || listed(variable, configuring, configuringPrefixes)
}

func listed(variable string, names, prefixes []string) bool {
	variable = strings.ToLower(variable)
	return slices.Contains(names, variable) ||
		slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(variable, p) })
}
