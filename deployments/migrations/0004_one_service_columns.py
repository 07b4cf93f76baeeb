from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('deployments', '0003_services_of_earlier_deployments'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='deployment',
            name='discovery_service_arn',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='ecs_deployment_id',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='image',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='port',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='running_since',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='task_definition_arn',
        ),
        migrations.RemoveField(
            model_name='deployment',
            name='task_definition_hash',
        ),
    ]
